/* The Linux calls that Glibc's Swift overlay lacks: epoll, timerfd, eventfd, signalfd, accept4,
 * gettid. Header-only. */
#pragma once
#define _GNU_SOURCE 1
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>
