-- Whoever reported the same trouble as others answers for themselves: which of the reports that were joined to an issue an answer is of.

ALTER TABLE surveys ADD COLUMN report_id UUID; -- none: the issue's own reporter, or a neighbour
