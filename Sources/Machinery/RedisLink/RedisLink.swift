// RedisLink: connections to Redis on the loop, on hiredis's sockets and reply reader.
//
// 1. Every request ends exactly once: a reply, refused (it never reached the server whole, so it
//    is not applied), or unknown (it was written whole and the connection died before its reply).
// 2. Replies belong to requests in the order written; a reply nobody waits for is a protocol error
//    that ends the connection.
// 3. While the link is down, requests are refused at once; nothing is kept for later.
// 4. A server that sends nothing for `silenceLimit` while a PING is out counts as dead: found
//    within 2 s, also when idle and when the server's socket stays open (SIGSTOP).
// 5. Publishing, `write` and receiving messages allocate nothing in steady state: bytes are written
//    from one reused buffer, replies are decoded into one reused arena.
// 6. A subscriber subscribes again after every reconnect and says so to its handlers: what was
//    published in between is lost, and they must catch up from a key or stream.
// 7. Queues are bounded by count and bytes and refuse when full; replies are bounded by bytes.
