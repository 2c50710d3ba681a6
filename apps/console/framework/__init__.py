"""Parts that every page shares: roles, columns, links, formats, confirmed steps, panels, lists of large tables."""
