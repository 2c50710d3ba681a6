"""Documentation of the API as Swagger: operations, examples, the whole document."""
