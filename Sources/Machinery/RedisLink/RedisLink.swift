// RedisLink: under construction.
