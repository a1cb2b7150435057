threshold = 5
