"""An evaluation as files: tables, plots and pictures. What they are about lies in `core.evaluation`."""
