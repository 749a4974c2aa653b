/* hiredis as a system library: the connection and the reply parser, nothing of its allocation-heavy
 * asynchronous layer. */
#pragma once
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
