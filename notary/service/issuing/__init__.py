"""Issuing: a template and a table of learners become signed Open Badges 3.0 credentials.

Reading order: `finding`, `cells` · `template` · `table`, `csv_table`, `workbook`, `spreadsheet`, `columns` · `learner`,
`roll` · `badge`, `conformity` · `issue`.
"""
