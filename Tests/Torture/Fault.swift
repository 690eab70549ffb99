/// What is done to the servers.
enum FaultKind: String, CaseIterable, Sendable {
    case killServer = "kill-server"
    case killAllServers = "kill-all-servers"
    case killExecutor = "kill-executor"
    case killBoth = "kill-both"
    case reload
    case killBackends = "kill-backends"
    case killPostgres = "kill-postgres"
    case stopPostgres = "stop-postgres"
    case stopServer = "stop-server"
    case stopExecutor = "stop-executor"
    case stopBoth = "stop-both"
    case cut
    case delay
    case blackHole = "black-hole"
    case clockForward = "clock-forward"
    case clockBack = "clock-back"
    case diskFull = "disk-full"

    /// How often it is chosen beside the others.
    var weight: Int {
        switch self {
        case .stopServer, .reload: 6
        case .killServer, .killBoth, .blackHole, .cut: 4
        case .killExecutor, .killBackends, .delay, .stopExecutor, .clockForward: 3
        case .killAllServers, .killPostgres, .stopPostgres, .stopBoth, .clockBack, .diskFull: 2
        }
    }

    /// Whether it strikes one server, or what all of them stand on.
    var strikesOneServer: Bool {
        switch self {
        case .killServer, .killExecutor, .killBoth, .reload, .stopServer, .stopExecutor, .stopBoth, .cut, .delay,
            .blackHole:
            true
        case .killAllServers, .killBackends, .killPostgres, .stopPostgres, .clockForward, .clockBack, .diskFull: false
        }
    }

    /// The kinds that a list of names stands for; `all` and `none` are understood too.
    init(named name: String) throws {
        guard let kind = Self(rawValue: name) else {
            throw UsageError(
                description:
                    "There is no fault '\(name)'; there are \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = kind
    }
}

/// Something that was asked for and cannot be.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// One fault, as the seed plans it.
struct Fault: Sendable, CustomStringConvertible {
    let kind: FaultKind
    /// Seconds after the start of the torture.
    let at: Double
    /// The server it strikes, for those that strike one.
    let server: Int
    /// How long it lasts, in seconds: until the restart, the SIGCONT, the mended connection.
    let duration: Double
    /// By how many seconds a clock is stepped, by how many milliseconds bytes are delayed, how many backends die.
    let amount: Double

    var description: String {
        let target = kind.strikesOneServer ? " of server \(server)" : ""
        let amounts: [FaultKind: String] = [
            .clockForward: " by \(amount.tidy) s", .clockBack: " by \(amount.tidy) s", .delay: " by \(amount.tidy) ms",
            .killBackends: ", \(Int(amount)) of them",
        ]
        let length =
            [.clockForward, .clockBack, .killBackends, .reload].contains(kind) ? "" : ", for \(duration.tidy) s"
        return "\(kind.rawValue)\(target)\(amounts[kind] ?? "")\(length)"
    }
}

extension Double {
    /// With one decimal.
    var tidy: String { "\((self * 10).rounded() / 10)" }
}
