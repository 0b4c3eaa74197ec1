"""Coursework: release an assignment, collect what students hand in, grade it safely, say what was good."""
