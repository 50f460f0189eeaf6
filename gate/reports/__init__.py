"""Reports return text. One room each; `FORMATS` names those that are there."""
