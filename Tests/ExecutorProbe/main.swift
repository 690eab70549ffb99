import Executor
import Glibc

// The executor as a program of its own, for the tests.
exit(ExecutorProcess.run(directory: CommandLine.arguments[CommandLine.arguments.count - 1]))
