"""The data team's pages: releases, a new order with its preview, one release with its progress, files and exclusions.

Views are short; loop/export does the work. No page here shows a text of the production.
"""
