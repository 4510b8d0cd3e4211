"""What everything else is made of: versions, weights, readings, findings, decisions. Nothing here decides."""
