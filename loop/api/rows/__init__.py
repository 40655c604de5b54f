"""How rows look to machines: every field is named here, so nothing else can leave.

One file a noun. Texts are withheld unless the token brought them itself (product.md, "Who may do what").
"""
