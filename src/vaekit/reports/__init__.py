"""Reports: published claims, trained anew and measured."""
