/// The house as CONTRIBUTING.md draws it: each room with the modules that it may import.
enum Rooms {
    /// What every room may import: Foundation, Synchronization and the C library.
    static let everywhere: Set<String> = ["Foundation", "FoundationEssentials", "Synchronization", "Glibc"]

    /// What a room may import beside `everywhere`. `qkron` is absent: the roof may see all of it.
    static let imports: [String: Set<String>] = [
        "Scheduling": [],
        "Domain": ["Scheduling"],
        "SystemUsers": [],
        "Postgres": ["CLibPQ", "Logging"],
        "EmbeddedPostgres": ["SystemUsers", "Subprocess", "SystemPackage", "Logging"],
        "Credentials": ["Domain", "CXCrypt", "COpenSSL"],
        "Executor": ["SystemUsers", "CLinux", "SystemPackage", "Logging"],
        "Actions": ["Scheduling", "Domain", "Executor", "SystemUsers", "Logging"],
        "Telemetry": ["Metrics", "CoreMetrics"],
        "Client": ["Domain", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL"],
        "Outbound": ["Domain", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL"],
        "Declarations": ["Scheduling", "Domain", "Yams"],
        "Storage": ["Scheduling", "Domain", "Postgres"],
        "Operations": ["Scheduling", "Domain", "Storage", "Credentials", "Actions"],
        "Engine": [
            "Scheduling", "Domain", "Storage", "Credentials", "Actions", "Outbound", "ServiceLifecycle", "Metrics",
            "Logging",
        ],
        "Server": [
            "Scheduling", "Domain", "Operations", "Telemetry", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "HTTPTypes",
            "ServiceLifecycle", "Metrics", "Logging",
        ],
    ]

    /// The roof: the only room that builds the others, and the only one that reads the environment.
    static let roof = "qkron"
}
