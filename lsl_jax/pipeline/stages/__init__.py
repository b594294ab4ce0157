"""Parts of a run that are made once, kept in its workdir and gone on with."""
