/* libcurl as a system library. Its setters are variadic, which Swift cannot call: typed inline
 * setters stand here. */
#pragma once
#include <curl/curl.h>
