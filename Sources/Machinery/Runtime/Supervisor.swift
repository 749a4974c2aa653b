import Bounded
import Chronology
import Glibc
package import Reactor

/// Runs a stack of processes: starts them in order, starts again what ends, stops them in reverse.
///
/// Each line a process writes goes to standard output under its name.
@LoopActor package final class Supervisor {
    private final class Child {
        let plan: ChildPlan
        var machine = ChildMachine()
        var process: ChildProcess?
        var timer: LoopTimer?

        init(plan: ChildPlan) { self.plan = plan }
    }

    private let loop: EventLoop
    private let children: [Child]
    private let output: @LoopActor (String) -> Void
    private let onEnd: @LoopActor (Int32) -> Void
    private let width: Int
    private var random: SplitMix64
    private var isStopping = false
    private var exitCode: Int32 = 0

    /// - Parameters:
    ///   - plans: in the order they are started.
    ///   - output: takes each line, newline included.
    ///   - onEnd: called once, when all have ended, with 0 or the code of what failed at start.
    package init(
        loop: EventLoop, plans: [ChildPlan], seed: UInt64,
        output: @escaping @LoopActor (String) -> Void,
        onEnd: @escaping @LoopActor (Int32) -> Void
    ) {
        self.loop = loop
        children = plans.map { Child(plan: $0) }
        width = plans.map(\.name.utf8.count).max() ?? 0
        random = SplitMix64(seed: seed)
        self.output = output
        self.onEnd = onEnd
    }

    package func start() {
        for child in children {
            child.timer = loop.timer { [weak self, weak child] in
                guard let self, let child else { return }
                carryOut(child.machine.timeReached(now: loop.now), child)
            }
        }
        for child in children { carryOut(child.machine.startRequested(now: loop.now), child) }
    }

    /// Stops all, the last started first, each when the one before has ended.
    package func stop() {
        guard !isStopping else { return }
        isStopping = true
        stopNext()
    }

    private func stopNext() {
        for child in children.reversed() {
            let action = child.machine.stopRequested()
            guard action == .ended else { return carryOut(action, child) }
            child.timer?.disarm()
        }
        onEnd(exitCode)
    }

    private func carryOut(_ action: ChildMachine.Action, _ child: Child) {
        switch action {
        case .none: break
        case .start: spawn(child)
        case .wait(let interval):
            say(child, "starting again in \(interval.milliseconds) ms")
            child.timer?.arm(after: interval)
        case .terminate(let grace):
            child.process?.signal(SIGTERM)
            // A stopped process takes SIGTERM only once it is continued.
            child.process?.signal(SIGCONT)
            child.timer?.arm(after: grace)
        case .kill:
            say(child, "did not stop in time: killed")
            child.process?.signal(SIGKILL)
        case .ended:
            child.timer?.disarm()
            if isStopping { stopNext() }
        case .fail(let code):
            say(child, "its configuration is not valid: the stack stops")
            if exitCode == 0 { exitCode = code }
            stop()
        }
    }

    private func spawn(_ child: Child) {
        let plan = child.plan
        let command = ChildProcess.Command(
            plan.path, plan.arguments, environment: plan.variables, hasOwnGroup: true)
        do {
            child.process = try ChildProcess(loop: loop, command) {
                [weak self, weak child] _, line in
                guard let self, let child else { return }
                write(child, line)
            } onExit: { [weak self, weak child] status in
                guard let self, let child else { return }
                exited(child, status)
            }
        } catch {
            say(child, error.description)
            exited(child, 127)
        }
    }

    private func exited(_ child: Child, _ status: Int32) {
        child.process = nil
        if !isStopping || status != 0 { say(child, "ended: \(Supervisor.meaning(of: status))") }
        let action = child.machine.exited(code: status, now: loop.now, using: &random)
        carryOut(action, child)
    }

    private static func meaning(of status: Int32) -> String {
        status > 128 ? "signal \(status - 128)" : "exit code \(status)"
    }

    private func say(_ child: Child, _ text: String) { write(child, "-- " + text) }

    private func write(_ child: Child, _ line: String) {
        let name = child.plan.name
        output(name + String(repeating: " ", count: width - name.utf8.count) + " | " + line + "\n")
    }
}
