/* libcurl as a system library. Its setters are variadic, which Swift cannot call: typed inline
 * setters stand here. */
#pragma once
#include <curl/curl.h>

static inline CURLcode pms_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

/* curl copies the text; a null pointer takes the option back. */
static inline CURLcode pms_curl_set_text(CURL *easy, CURLoption option, const char *text) {
    return curl_easy_setopt(easy, option, text);
}

static inline CURLcode pms_curl_set_pointer(CURL *easy, CURLoption option, void *pointer) {
    return curl_easy_setopt(easy, option, pointer);
}

/* The list must outlive the transfer. */
static inline CURLcode pms_curl_set_headers(CURL *easy, struct curl_slist *list) {
    return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
}

/* curl copies the body. */
static inline CURLcode pms_curl_set_body(CURL *easy, const void *bytes, long count) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, count);
    return code ? code : curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, bytes);
}

static inline CURLcode pms_curl_set_on_body(CURL *easy, curl_write_callback callback, void *data) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, data);
}

static inline CURLcode pms_curl_set_on_header(CURL *easy, curl_write_callback callback,
                                              void *data) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, data);
}

/* Called when the connection stands, before each sending of the request. */
static inline CURLcode pms_curl_set_on_request(CURL *easy, curl_prereq_callback callback,
                                               void *data) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
    return code ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, data);
}

/* The number, or -1. */
static inline long pms_curl_get_long(CURL *easy, CURLINFO info) {
    long value = -1;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : -1;
}

/* The descriptor of the handle's connection, or -1; it stays curl's. */
static inline int pms_curl_get_socket(CURL *easy) {
    curl_socket_t value = CURL_SOCKET_BAD;
    return curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &value) == CURLE_OK ? (int)value : -1;
}

static inline CURLMcode pms_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode pms_curl_multi_set_on_socket(CURLM *multi, curl_socket_callback callback,
                                                     void *data) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, data);
}

static inline CURLMcode pms_curl_multi_set_on_timer(CURLM *multi, curl_multi_timer_callback callback,
                                                    void *data) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
    return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, data);
}

/* The next transfer that ended, or null, and its result. */
static inline CURL *pms_curl_multi_next_ended(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return 0;
}
