// The process starts here.
