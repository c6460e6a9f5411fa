"""Observers in bulk: a sheet is read, previewed row by row, done by one of two roads, and can be undone.

    COLUMNS --> READING --> LISTING --> LOOKING --> READY
                                           ^-- choices --'
    READY --> (SENDING --> FOLLOWING -->) RUNNING --> DONE --> UNDOING --> UNDONE

Nothing is changed in Canvas before READY. Each stage is a job in short turns that goes on where the last one
ended, whoever died meanwhile. Only what a row adds or removes is touched; what is absent is left alone.
"""
