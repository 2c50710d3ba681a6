"""Steps that one member of staff proposes and another confirms."""
