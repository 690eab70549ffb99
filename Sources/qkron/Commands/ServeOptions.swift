import ArgumentParser

/// The flags of `serve`, each the name of a setting.
struct ServeOptions: ParsableArguments {
    @Option(help: "development or production; development opens registration. (default: production)")
    var environment: String?
    @Option(help: "The address to listen on. (default: 127.0.0.1)")
    var host: String?
    @Option(help: "The port to listen on; 0 takes a free one and prints it. (default: 8000)")
    var port: String?
    @Option(help: "The halves of this server: api, engine. (default: both)")
    var components: String?
    @Option(help: "PEM file of the certificate, with those that vouch for it; with --tls-key: https. (default: none)")
    var tlsCert: String?
    @Option(help: "PEM file of the certificate's key. (default: none)")
    var tlsKey: String?
    @Option(help: "Addresses and ranges of proxies whose X-Forwarded-For and -Proto are believed. (default: none)")
    var trustedProxies: String?
    @Option(
        name: .customLong("public-url"),
        help: "Where people reach the server, such as https://qkron.example.org. (default: none)")
    var publicURL: String?
    @Option(help: "Origins whose scripts may read answers, or none. (default: localhost 3000, 8000 and 5173)")
    var corsOrigins: String?
    @Option(help: "Logins and registrations a minute and address; 0 is no limit. (default: 600)")
    var loginRateLimit: String?
    @Option(help: "Other requests a minute and principal; 0 is no limit. (default: 0)")
    var rateLimit: String?
    @Option(help: "Directory of the private cluster, the node's id and made-up secrets. (default: ./.qkron)")
    var dataDir: String?
    @Option(help: "Directory of initdb and postgres. (default: searched)")
    var postgresBin: String?
    @Option(help: "Database connections for requests. (default: 10)")
    var dbPoolSize: String?
    @Option(help: "Seconds to wait for a connection. (default: 5)")
    var dbConnectTimeout: String?
    @Option(help: "Seconds that a statement may take. (default: 30)")
    var dbStatementTimeout: String?
    @Option(help: "Minutes that a token is good for. (default: 30)")
    var accessTokenExpireMinutes: String?
    @Option(help: "The issuer in tokens. (default: qkron)")
    var tokenIssuer: String?
    @Option(help: "The audience in tokens. (default: qkron)")
    var tokenAudience: String?
    @Option(help: "Cost of yescrypt, 1 to 11. (default: 5)")
    var passwordHashCost: String?
    @Option(help: "Whether anybody may register. (default: true in development, else false)")
    var allowRegistration: String?
    @Option(help: "The roles that may make command tasks. (default: user,superuser)")
    var commandRoles: String?
    @Option(help: "First words that commands may start with. (default: any)")
    var allowedCommands: String?
    @Option(help: "PATH of commands.")
    var commandPath: String?
    @Option(help: "The system user that commands run as. (default: started by root, nobody; else our own)")
    var runAs: String?
    @Option(help: "The system user that a server of root becomes. (default: who has the data, qkron, postgres)")
    var serverUser: String?
    @Option(help: "Commands that run at once on this server. (default: 64)")
    var maxConcurrency: String?
    @Option(help: "Runs of one task at once, where it allows overlap. (default: 16)")
    var maxTaskConcurrency: String?
    @Option(help: "Seconds between attempts where a task does not say. (default: 60)")
    var taskRetryDelay: String?
    @Option(help: "Seconds from SIGTERM to SIGKILL. (default: 5)")
    var killGrace: String?
    @Option(help: "Seconds that running commands get when the server stops. (default: 30)")
    var shutdownGrace: String?
    @Option(help: "Seconds after which a silent server has lost its runs. (default: 15)")
    var leaseSeconds: String?
    @Option(help: "What this server is called. (default: the host's name)")
    var nodeName: String?
    @Option(help: "A label that this server carries, for tasks that require it; may be given several times.")
    var label: [String] = []
    @Option(help: "Days that ended executions are kept; 0 keeps them for ever. (default: 90)")
    var executionRetentionDays: String?
    @Option(help: "Executions of one task that are kept; 0 keeps all. (default: 100000)")
    var executionRetentionPerTask: String?
    @Option(help: "Days that output is kept; 0 keeps it as long as its execution. (default: 30)")
    var outputRetentionDays: String?
    @Option(help: "Days that the audit log is kept; 0 keeps it for ever. (default: 365)")
    var auditRetentionDays: String?
    @Option(help: "Private addresses and ranges that callbacks may go to. (default: none)")
    var egressAllow: String?
    @Option(help: "Whether /metrics needs credentials. (default: false)")
    var metricsRequireAuth: String?
    @Option(help: "Directory of the files of /docs and /redoc. (default: searched)")
    var docsAssets: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?
    @Option(help: "json or text. (default: text on a terminal, else json)")
    var logFormat: String?

    /// The flags that were given.
    var flags: [Setting: String] {
        let given: [Setting: String?] = [
            .environment: environment, .host: host, .port: port, .components: components, .tlsCertificate: tlsCert,
            .tlsKey: tlsKey, .trustedProxies: trustedProxies, .publicURL: publicURL, .corsOrigins: corsOrigins,
            .loginRateLimit: loginRateLimit, .rateLimit: rateLimit, .dataDirectory: dataDir,
            .postgresBin: postgresBin, .poolSize: dbPoolSize, .connectTimeout: dbConnectTimeout,
            .statementTimeout: dbStatementTimeout, .tokenMinutes: accessTokenExpireMinutes,
            .tokenIssuer: tokenIssuer, .tokenAudience: tokenAudience, .passwordHashCost: passwordHashCost,
            .allowRegistration: allowRegistration, .commandRoles: commandRoles, .allowedCommands: allowedCommands,
            .commandPath: commandPath, .runAs: runAs, .serverUser: serverUser, .maxConcurrency: maxConcurrency,
            .maxTaskConcurrency: maxTaskConcurrency, .retryDelay: taskRetryDelay, .killGrace: killGrace,
            .shutdownGrace: shutdownGrace, .leaseSeconds: leaseSeconds, .nodeName: nodeName,
            .labels: label.isEmpty ? nil : label.joined(separator: ","),
            .executionRetentionDays: executionRetentionDays,
            .executionRetentionPerTask: executionRetentionPerTask, .outputRetentionDays: outputRetentionDays,
            .auditRetentionDays: auditRetentionDays, .egressAllow: egressAllow, .metricsRequireAuth: metricsRequireAuth,
            .docsAssets: docsAssets,
            .logLevel: logLevel, .logFormat: logFormat,
        ]
        return given.compactMapValues { $0 }
    }
}
