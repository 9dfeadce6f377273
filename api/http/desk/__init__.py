"""The registrar's desk, `/desk`: everything a class needs, by plain forms. Page: docs/desk.md.

Reading order: `visitor` (who sits there) · `entrance` · `templates`, `issuing` · `batches`, `statuses` · `learners`,
`mending` · `delivery` · `claims`. A handler reads a form, calls one use case and shows a page; what is wrong stands
on the page it was typed on.
"""
