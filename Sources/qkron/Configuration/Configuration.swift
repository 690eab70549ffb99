import Domain
import Logging
import Server

/// Everything that can be set, read once and checked.
struct Configuration: Sendable {
    /// What kind of installation this is.
    enum Environment: String, CaseIterable, Sendable {
        case development, production
    }

    /// The halves of a server.
    enum Component: String, CaseIterable, Sendable {
        case api, engine
    }

    /// How log lines look.
    enum LogFormat: String, CaseIterable, Sendable {
        case json, text
    }

    /// Where the database is, and how it is talked to.
    struct DatabaseSettings: Sendable {
        /// A libpq URL; nil is a private cluster under the data directory.
        let url: String?
        let postgresBin: String?
        let poolSize: Int
        let connectTimeout: Duration
        let statementTimeout: Duration
    }

    /// How people prove who they are.
    struct IdentitySettings: Sendable {
        /// Signs tokens; nil is made at first start.
        let secretKey: String?
        let secretKeyPrevious: String?
        /// Seals stored secrets; nil is made at first start.
        let encryptionKey: [UInt8]?
        let encryptionKeyPrevious: [UInt8]?
        let tokenMinutes: Int
        let tokenIssuer: String
        let tokenAudience: String
        let passwordHashCost: Int
        let allowsRegistration: Bool
        let firstSuperuser: FirstSuperuser?
        /// The SHA-256 of the service key; nil refuses every one.
        let serviceKeyHash: [UInt8]?
    }

    /// The superuser that a start makes when it finds none.
    struct FirstSuperuser: Sendable {
        let username: String
        let email: String
        let password: String
    }

    /// What runs, as whom, and how much of it at once.
    struct RunSettings: Sendable {
        /// Whose command tasks run.
        let commandRoles: Set<CommandRole>
        let allowedCommands: Set<String>
        let commandPath: String
        let runAs: RunAs?
        let maxConcurrency: Int
        let maxTaskConcurrency: Int
        let retryDelay: Int
        let killGrace: Duration
        let shutdownGrace: Duration
        let leaseSeconds: Int
    }

    let environment: Environment
    let host: String
    let port: Int
    let components: Set<Component>
    /// Nil is plain HTTP.
    let tls: TLSFiles?
    /// The certificate is read by `serve` alone.
    var exposure: ServerConfiguration.Exposure
    let dataDirectory: String
    /// Whom a server becomes that root has started; nil: searched.
    let serverUser: String?
    let nodeName: String?
    /// What this server carries; tasks may require it.
    let labels: [String]
    let metricsRequireAuth: Bool
    /// Where the files of the pages of the API description are; nil: searched.
    let docsAssets: String?
    let logLevel: Logger.Level
    /// Nil: text on a terminal, else JSON.
    let logFormat: LogFormat?
    let database: DatabaseSettings
    let identity: IdentitySettings
    let runs: RunSettings
    let retention: Retention
    /// Where requests of the server's own may go.
    let egress: EgressGuard
    /// The files that were read for all this, but for what is searched.
    let files: [String]
    /// Names in the environment that look like ours and mean nothing.
    let unknownNames: [String]
}
