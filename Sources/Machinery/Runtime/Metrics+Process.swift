import Glibc
import Reactor

extension Metrics {
    /// Adds what Prometheus expects of every process: memory, processor time, descriptors, start.
    func addProcessMetrics(startedSeconds: Double) {
        let start = gauge("process_start_time_seconds", "when the process started, since 1970")
        start.set(startedSeconds)
        computed("process_resident_memory_bytes", "resident memory") {
            ProcessFigures.residentBytes
        }
        computed("process_cpu_seconds_total", "processor time, user and system") {
            ProcessFigures.processorSeconds
        }
        computed("process_open_fds", "open descriptors") { ProcessFigures.openDescriptors }
        computed("pms_log_lines_dropped", "log lines their reader did not take") {
            Double(Log.dropped)
        }
    }
}

/// What the kernel says about this process.
enum ProcessFigures {
    static var residentBytes: Double {
        guard case .success(let text) = TextFile.read("/proc/self/statm") else { return 0 }
        let fields = text.split(separator: " ")
        let pages = fields.count > 1 ? Double(fields[1]) ?? 0 : 0
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    static var processorSeconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static var openDescriptors: Double {
        guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        return Double(max(0, count - 3))
    }
}
