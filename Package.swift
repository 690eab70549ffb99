// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// The library products that rooms may name, each with the package it comes from.
let products: [String: Target.Dependency] = [
    "ArgumentParser": .product(name: "ArgumentParser", package: "swift-argument-parser"),
    "HTTPTypes": .product(name: "HTTPTypes", package: "swift-http-types"),
    "Logging": .product(name: "Logging", package: "swift-log"),
    "Metrics": .product(name: "Metrics", package: "swift-metrics"),
    "NIOCore": .product(name: "NIOCore", package: "swift-nio"),
    "NIOHTTP1": .product(name: "NIOHTTP1", package: "swift-nio"),
    "NIOPosix": .product(name: "NIOPosix", package: "swift-nio"),
    "NIOSSL": .product(name: "NIOSSL", package: "swift-nio-ssl"),
    "ServiceLifecycle": .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
    "UnixSignals": .product(name: "UnixSignals", package: "swift-service-lifecycle"),
    "Subprocess": .product(name: "Subprocess", package: "swift-subprocess"),
    "SystemPackage": .product(name: "SystemPackage", package: "swift-system"),
    "Yams": .product(name: "Yams", package: "Yams"),
]

func dependencies(_ names: [String]) -> [Target.Dependency] {
    names.map { products[$0] ?? .target(name: $0) }
}

/// A room of the house: one layer that sees only what it names.
func room(_ name: String, sees: [String] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies(sees), resources: resources, swiftSettings: settings)
}

/// The tests of one room.
func tests(_ name: String, sees: [String], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies(sees), resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "qkron",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "qkron", targets: ["qkron"]),
        // For the tests that shift the clock; see its header.
        .library(name: "RealTimers", type: .dynamic, targets: ["RealTimers"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CXCrypt", pkgConfig: "libxcrypt", providers: [.apt(["libcrypt-dev"])]),
        .target(name: "CLinux"),

        room("Scheduling"),
        room("Domain", sees: ["Scheduling"]),
        room("SystemUsers"),
        room("Postgres", sees: ["CLibPQ", "Logging"]),
        room("EmbeddedPostgres", sees: ["SystemUsers", "Subprocess", "SystemPackage", "Logging"]),
        room("Credentials", sees: ["Domain", "CXCrypt", "COpenSSL"]),
        room("Executor", sees: ["SystemUsers", "CLinux", "SystemPackage", "Logging"]),
        room("Actions", sees: ["Scheduling", "Domain", "Executor", "SystemUsers", "Logging"]),
        room("Telemetry", sees: ["Metrics"]),
        room("Client", sees: ["Domain", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL"]),
        room("Outbound", sees: ["Domain", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL"]),
        room("Declarations", sees: ["Scheduling", "Domain", "Yams"]),
        room(
            "Storage", sees: ["Scheduling", "Domain", "Postgres"],
            resources: [
                .embedInCode("Migrations/m0001_identity.sql"),
                .embedInCode("Migrations/m0002_tasks.sql"),
                .embedInCode("Migrations/m0003_executions.sql"),
                .embedInCode("Migrations/m0004_nodes.sql"),
                .embedInCode("Migrations/m0005_task_texts.sql"),
                .embedInCode("Migrations/m0006_excerpts.sql"),
                .embedInCode("Migrations/m0007_fewer_indexes.sql"),
                .embedInCode("Migrations/m0008_rights.sql"),
                .embedInCode("Migrations/m0009_logins.sql"),
                .embedInCode("Migrations/m0010_timing.sql"),
                .embedInCode("Migrations/m0011_runs.sql"),
                .embedInCode("Migrations/m0012_secrets.sql"),
                .embedInCode("Migrations/m0013_retention.sql"),
                .embedInCode("Migrations/m0014_execution_lists.sql"),
                .embedInCode("Migrations/m0015_troubled_executions.sql"),
                .embedInCode("Migrations/m0016_audit_keys.sql"),
                .embedInCode("Migrations/m0017_callback_url.sql"),
                .embedInCode("Migrations/m0018_deliveries.sql"),
                .embedInCode("Migrations/m0019_resting_tasks.sql"),
            ]),
        room("Operations", sees: ["Scheduling", "Domain", "Storage", "Credentials", "Actions"]),
        room(
            "Engine",
            sees: [
                "Scheduling", "Domain", "Storage", "Credentials", "Actions", "Outbound", "ServiceLifecycle", "Metrics",
                "Logging",
            ]),
        room(
            "Server",
            sees: [
                "Scheduling", "Domain", "Operations", "Telemetry", "HTTPTypes", "NIOCore", "NIOHTTP1", "NIOPosix",
                "NIOSSL", "ServiceLifecycle", "Metrics", "Logging",
            ],
            resources: [
                .embedInCode("Operational/Documentation/missing.html"),
                .embedInCode("Operational/Documentation/page.css"),
                .embedInCode("Operational/Documentation/redoc.html"),
                .embedInCode("Operational/Documentation/redoc-page.js"),
                .embedInCode("Operational/Documentation/swagger.html"),
                .embedInCode("Operational/Documentation/swagger-page.js"),
            ]),
        .executableTarget(
            name: "qkron",
            dependencies: dependencies([
                "Scheduling", "Domain", "SystemUsers", "Postgres", "EmbeddedPostgres", "Credentials", "Executor",
                "Actions", "Telemetry", "Client", "Outbound", "Declarations", "Storage", "Operations", "Engine",
                "Server", "ArgumentParser", "ServiceLifecycle", "UnixSignals", "Metrics", "Logging", "CLinux",
                "Subprocess", "SystemPackage",
            ]),
            swiftSettings: settings),

        // Speaks for a server, or an executor, in the tests of the executor.
        .executableTarget(
            name: "ExecutorProbe", dependencies: dependencies(["Executor", "Logging"]), path: "Tests/ExecutorProbe",
            swiftSettings: settings),

        .executableTarget(
            name: "SchedulingBenchmark", dependencies: dependencies(["Scheduling"]),
            path: "Benchmarks/scheduling/SchedulingBenchmark", swiftSettings: settings),

        // The engine's loops with actions that do nothing.
        .executableTarget(
            name: "EngineBenchmark",
            dependencies: dependencies([
                "Domain", "Postgres", "Storage", "Credentials", "Actions", "Engine", "ServiceLifecycle", "UnixSignals",
                "Logging",
            ]),
            path: "Benchmarks/engine/EngineBenchmark", swiftSettings: settings),

        .target(name: "RealTimers", path: "Tests/RealTimers"),

        .target(
            name: "TestSupport",
            dependencies: dependencies(["Scheduling", "Domain", "Postgres", "Storage", "Credentials", "Logging"]),
            path: "Tests/TestSupport", swiftSettings: settings),

        // Servers, clusters, processes and a client, seen from outside: for the end-to-end tests and the torture.
        .target(
            name: "EndToEndSupport", path: "Tests/EndToEndSupport",
            swiftSettings: settings),
        // Kills, stops, cuts off and fools the servers for a while, then checks that they kept their promises.
        .executableTarget(
            name: "Torture",
            dependencies: dependencies(["EndToEndSupport", "LedgerEntry", "qkron", "ArgumentParser"]),
            path: "Tests/Torture", swiftSettings: settings),
        // What the tasks of the torture run.
        .executableTarget(name: "LedgerEntry", path: "Tests/LedgerEntry"),

        tests("ArchitectureTests", sees: []),
        tests("SchedulingTests", sees: ["Scheduling"], resources: [.copy("Resources/vectors.jsonl")]),
        tests("DomainTests", sees: ["Scheduling", "Domain"]),
        tests("PostgresTests", sees: ["Postgres", "TestSupport", "Logging"]),
        tests(
            "EmbeddedPostgresTests",
            sees: ["EmbeddedPostgres", "SystemUsers", "Subprocess", "SystemPackage", "Logging"]),
        tests("CredentialsTests", sees: ["Credentials", "COpenSSL", "CXCrypt"]),
        tests("ExecutorTests", sees: ["Executor", "SystemUsers", "CLinux", "Logging", "ExecutorProbe"]),
        tests(
            "ServerTests",
            sees: [
                "Server", "Scheduling", "Domain", "Operations", "Telemetry", "HTTPTypes", "NIOCore",
                "NIOPosix", "Logging", "Metrics", "Postgres", "Storage", "Credentials", "Actions",
            ]),
        tests(
            "ClientTests", sees: ["Client", "Domain", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "EndToEndSupport"]),
        tests(
            "OutboundTests",
            sees: ["Outbound", "Domain", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "EndToEndSupport"]),
        tests("DeclarationsTests", sees: ["Declarations", "Domain", "Scheduling", "qkron"]),
        tests("EndToEndTests", sees: ["qkron", "EndToEndSupport", "COpenSSL"]),
        tests("TortureTests", sees: ["Torture"]),
        tests("TelemetryTests", sees: ["Telemetry", "Metrics"]),
        tests("ActionsTests", sees: ["Scheduling", "Domain", "Actions", "Executor", "Logging"]),
        tests("StorageTests", sees: ["Scheduling", "Domain", "Postgres", "Storage", "TestSupport", "Logging"]),
        tests(
            "OperationsTests",
            sees: [
                "Scheduling", "Domain", "Postgres", "Storage", "Credentials", "Actions", "Operations", "TestSupport",
                "Logging",
            ]),
        tests(
            "EngineTests",
            sees: [
                "Scheduling", "Domain", "Postgres", "Storage", "Credentials", "Actions", "Outbound", "Engine",
                "TestSupport", "EndToEndSupport", "ServiceLifecycle", "Logging",
            ]),
    ]
)
