"""The parts of `report.html`: charts as geometry, cases as packed data, and its assets."""
