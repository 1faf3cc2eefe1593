-- The order of the code lane, nothing else. Each line names one file, that file holds one replaceable
-- object. The installer compiles them into one script; psql understands the lines as they are.

