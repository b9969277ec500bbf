"""The folder layouts of data sets, one file each; `core.dataset` opens a folder by whichever fits."""
