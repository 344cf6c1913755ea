"""Reports: the content is gathered once, then rendered as Markdown, HTML or JSON."""
