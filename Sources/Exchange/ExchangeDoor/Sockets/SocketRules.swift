package import Chronology

/// How an exchange keeps its WebSockets alive (exchange-facts B2, C3).
package struct SocketRules: Equatable, Sendable {
    /// How often the exchange pings.
    package var pingInterval: Interval
    /// How long it waits for any pong, also one that was not asked for.
    package var pongLimit: Interval
    /// How long a socket lives at most.
    package var life: Interval
    /// Pings and pongs a client may send a second.
    package var controlsPerSecond: Int

    package init(
        pingInterval: Interval, pongLimit: Interval, life: Interval = .seconds(86_400),
        controlsPerSecond: Int
    ) {
        self.pingInterval = pingInterval
        self.pongLimit = pongLimit
        self.life = life
        self.controlsPerSecond = controlsPerSecond
    }

    /// Pings every three minutes, gives up after ten.
    package static let futures = SocketRules(
        pingInterval: .seconds(180), pongLimit: .seconds(600), controlsPerSecond: 10)
    /// Pings every twenty seconds, gives up after a minute.
    package static let spot = SocketRules(
        pingInterval: .seconds(20), pongLimit: .seconds(60), controlsPerSecond: 5)
}
