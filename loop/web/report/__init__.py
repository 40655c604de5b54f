"""The page of sums that goes back to research, for everybody on a production. Shows no text."""
