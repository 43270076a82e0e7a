package httpforwarder

// RetryAfter is how long a response asks to wait.
var RetryAfter = retryAfter
