/// The keys that can be set. A key is read from its flag, else from the environment as `QKRON_KEY`, else as `KEY`, else
/// from `.env`; `KEY_FILE` names a file that holds the value instead.
enum Setting: String, CaseIterable, Sendable {
    case environment = "ENVIRONMENT"
    case host = "HOST"
    case port = "PORT"
    case components = "COMPONENTS"
    case tlsCertificate = "TLS_CERT"
    case tlsKey = "TLS_KEY"
    case trustedProxies = "TRUSTED_PROXIES"
    case publicURL = "PUBLIC_URL"
    case corsOrigins = "CORS_ORIGINS"
    case loginRateLimit = "LOGIN_RATE_LIMIT"
    case rateLimit = "RATE_LIMIT"
    case databaseURL = "DATABASE_URL"
    case dataDirectory = "DATA_DIR"
    case postgresBin = "POSTGRES_BIN"
    case poolSize = "DB_POOL_SIZE"
    case connectTimeout = "DB_CONNECT_TIMEOUT"
    case statementTimeout = "DB_STATEMENT_TIMEOUT"
    case secretKey = "SECRET_KEY"
    case secretKeyPrevious = "SECRET_KEY_PREVIOUS"
    case encryptionKey = "ENCRYPTION_KEY"
    case encryptionKeyPrevious = "ENCRYPTION_KEY_PREVIOUS"
    case tokenMinutes = "ACCESS_TOKEN_EXPIRE_MINUTES"
    case tokenIssuer = "TOKEN_ISSUER"
    case tokenAudience = "TOKEN_AUDIENCE"
    case passwordHashCost = "PASSWORD_HASH_COST"
    case allowRegistration = "ALLOW_REGISTRATION"
    case superuserUsername = "SUPERUSER_USERNAME"
    case superuserEmail = "SUPERUSER_EMAIL"
    case superuserPassword = "SUPERUSER_PASSWORD"
    case apiKeyHash = "API_KEY_HASH"
    case commandRoles = "COMMAND_ROLES"
    case allowedCommands = "ALLOWED_COMMANDS"
    case commandPath = "COMMAND_PATH"
    case runAs = "RUN_AS"
    case serverUser = "SERVER_USER"
    case maxConcurrency = "MAX_CONCURRENCY"
    case maxTaskConcurrency = "MAX_TASK_CONCURRENCY"
    case retryDelay = "TASK_RETRY_DELAY"
    case killGrace = "KILL_GRACE"
    case shutdownGrace = "SHUTDOWN_GRACE"
    case leaseSeconds = "LEASE_SECONDS"
    case nodeName = "NODE_NAME"
    case labels = "LABELS"
    case executionRetentionDays = "EXECUTION_RETENTION_DAYS"
    case executionRetentionPerTask = "EXECUTION_RETENTION_PER_TASK"
    case outputRetentionDays = "OUTPUT_RETENTION_DAYS"
    case auditRetentionDays = "AUDIT_RETENTION_DAYS"
    case egressAllow = "EGRESS_ALLOW"
    case metricsRequireAuth = "METRICS_REQUIRE_AUTH"
    case docsAssets = "DOCS_ASSETS"
    case logLevel = "LOG_LEVEL"
    case logFormat = "LOG_FORMAT"

    /// Whether the value is a secret, or may hold one: such a key has no flag, as anyone can read a command line.
    var isSecret: Bool {
        switch self {
        case .databaseURL, .secretKey, .secretKeyPrevious, .encryptionKey, .encryptionKeyPrevious, .apiKeyHash: true
        case .superuserUsername, .superuserEmail, .superuserPassword: true
        default: false
        }
    }

    /// The flag of `serve` that sets the key.
    var flag: String? {
        switch self {
        case .labels: "--label"
        case _ where isSecret: nil
        default: "--" + rawValue.lowercased().split(separator: "_").joined(separator: "-")
        }
    }
}
