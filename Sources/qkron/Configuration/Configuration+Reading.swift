import Credentials
import Domain
import Foundation
import Logging
import Server

extension Configuration {
    /// Reads and checks all settings.
    ///
    /// - Throws: `ConfigurationError` with every fault.
    init(_ source: SettingSource) throws(ConfigurationError) {
        var reader = SettingReader(source)
        let environment = reader.choice(.environment, default: Environment.production)
        self.environment = environment
        host = reader.text(.host) ?? "127.0.0.1"
        port = reader.integer(.port, in: 0...65_535, default: 8000)
        components = reader.choices(.components, default: Set(Component.allCases))
        tls = TLSFiles(&reader)
        exposure = ServerConfiguration.Exposure(&reader)
        dataDirectory = reader.text(.dataDirectory) ?? "./.qkron"
        serverUser = reader.text(.serverUser)
        nodeName = reader.text(.nodeName)
        labels = reader.labels()
        metricsRequireAuth = reader.boolean(.metricsRequireAuth, default: false)
        docsAssets = reader.text(.docsAssets)
        logLevel = reader.choice(.logLevel, default: Logger.Level.info)
        logFormat = reader.text(.logFormat) == nil ? nil : reader.choice(.logFormat, default: LogFormat.json)
        database = DatabaseSettings(&reader)
        identity = IdentitySettings(&reader, isDevelopment: environment == .development)
        runs = RunSettings(&reader)
        retention = reader.retention()
        egress = EgressGuard(
            allowing: reader.values(
                .egressAllow, default: [], "may hold addresses and ranges such as 10.0.0.0/8", IPRange.init))
        files = source.files + (tls.map { [$0.certificate, $0.key] } ?? [])
        unknownNames = source.unknownNames
        if components.isEmpty { reader.fault(.components, "must name at least one of api, engine") }
        guard reader.faults.isEmpty else { throw ConfigurationError(faults: reader.faults) }
    }
}

extension Configuration.DatabaseSettings {
    fileprivate init(_ reader: inout SettingReader) {
        url = reader.text(.databaseURL)
        postgresBin = reader.text(.postgresBin)
        poolSize = reader.integer(.poolSize, in: 1...200, default: 10)
        connectTimeout = .seconds(reader.integer(.connectTimeout, in: 1...300, default: 5))
        statementTimeout = .seconds(reader.integer(.statementTimeout, in: 1...3600, default: 30))
    }
}

extension Configuration.IdentitySettings {
    fileprivate init(_ reader: inout SettingReader, isDevelopment: Bool) {
        secretKey = reader.text(.secretKey)
        secretKeyPrevious = reader.text(.secretKeyPrevious)
        encryptionKey = reader.key(.encryptionKey)
        encryptionKeyPrevious = reader.key(.encryptionKeyPrevious)
        tokenMinutes = reader.integer(.tokenMinutes, in: 1...525_600, default: 30)
        tokenIssuer = reader.text(.tokenIssuer) ?? "qkron"
        tokenAudience = reader.text(.tokenAudience) ?? "qkron"
        passwordHashCost = reader.integer(.passwordHashCost, in: 1...11, default: 6)
        allowsRegistration = reader.boolean(.allowRegistration, default: isDevelopment)
        firstSuperuser = Configuration.FirstSuperuser(&reader)
        let keyHash = reader.text(.apiKeyHash)
        serviceKeyHash = keyHash.flatMap { SHA256.digest(hexadecimal: $0) }
        if keyHash != nil, serviceKeyHash == nil {
            reader.fault(.apiKeyHash, "must be the SHA-256 of the service key in 64 hexadecimal digits")
        }
        for (setting, secret) in [(Setting.secretKey, secretKey), (.secretKeyPrevious, secretKeyPrevious)] {
            if let secret, secret.utf8.count < 32 { reader.fault(setting, "must have at least 32 bytes") }
        }
    }
}

extension Configuration.FirstSuperuser {
    fileprivate init?(_ reader: inout SettingReader) {
        let parts = [Setting.superuserUsername, .superuserEmail, .superuserPassword].map { ($0, reader.text($0)) }
        for (setting, text) in parts where text == nil && parts.contains(where: { $0.1 != nil }) {
            reader.fault(setting, "is missing: SUPERUSER_USERNAME, _EMAIL and _PASSWORD are set together")
        }
        guard let username = parts[0].1, let email = parts[1].1, let password = parts[2].1 else { return nil }
        self.init(username: username, email: email, password: password)
    }
}

extension Configuration.RunSettings {
    fileprivate init(_ reader: inout SettingReader) {
        commandRoles = reader.choices(.commandRoles, default: [.user, .superuser])
        allowedCommands = Set(reader.list(.allowedCommands) ?? [])
        commandPath =
            reader.text(.commandPath) ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        runAs = reader.runAs(for: commandRoles)
        maxConcurrency = reader.integer(.maxConcurrency, in: 1...10_000, default: 64)
        maxTaskConcurrency = reader.integer(.maxTaskConcurrency, in: 1...1_000, default: 16)
        retryDelay = reader.integer(.retryDelay, in: TaskLimits.retryDelay, default: 60)
        killGrace = .seconds(reader.integer(.killGrace, in: 0...300, default: 5))
        shutdownGrace = .seconds(reader.integer(.shutdownGrace, in: 0...86_400, default: 30))
        leaseSeconds = reader.integer(.leaseSeconds, in: 2...3_600, default: 15)
    }
}

extension SettingReader {
    /// A key of 32 bytes, written in base64.
    fileprivate mutating func key(_ setting: Setting) -> [UInt8]? {
        guard let text = text(setting) else { return nil }
        guard let data = Data(base64Encoded: text), data.count == SecretBox.keyLength else {
            fault(setting, "must be 32 bytes in base64, as 'openssl rand -base64 32' makes them")
            return nil
        }
        return Array(data)
    }

    /// Whom commands run as: where roles are named, each that may own command tasks is.
    fileprivate mutating func runAs(for commandRoles: Set<CommandRole>) -> RunAs? {
        guard let items = list(.runAs), !items.isEmpty else { return nil }
        guard let runAs = RunAs(items) else {
            fault(.runAs, "must be a system user, or pairs role=name of the roles user, superuser and service")
            return nil
        }
        if case .byRole(let users) = runAs {
            for role in commandRoles.map(\.rawValue).sorted() where users[Role(rawValue: role)] == nil {
                fault(.runAs, "names no system user for the role '\(role)', which COMMAND_ROLES allows")
            }
        }
        return runAs
    }

    /// How long history is kept; 0 is without a limit.
    fileprivate mutating func retention() -> Retention {
        func limit(_ number: Int) -> Int? { number == 0 ? nil : number }
        let days = 0...36_500
        return Retention(
            executionDays: limit(integer(.executionRetentionDays, in: days, default: 90)),
            executionsPerTask: limit(
                integer(.executionRetentionPerTask, in: 0...1_000_000_000, default: 100_000)),
            outputDays: limit(integer(.outputRetentionDays, in: days, default: 30)),
            auditDays: limit(integer(.auditRetentionDays, in: days, default: 365)))
    }

    /// The labels of this server, each once.
    fileprivate mutating func labels() -> [String] {
        var labels: [String] = []
        // By bytes, as the database compares them.
        for label in list(.labels) ?? [] where !labels.contains(where: { $0.utf8.elementsEqual(label.utf8) }) {
            labels.append(label)
        }
        if labels.count > Node.labelLimit { fault(.labels, "may hold at most \(Node.labelLimit) labels") }
        if labels.contains(where: { !Node.labelLength.contains($0.unicodeScalars.count) }) {
            fault(.labels, "may hold labels of 1 to \(Node.labelLength.upperBound) characters")
        }
        return labels
    }
}
