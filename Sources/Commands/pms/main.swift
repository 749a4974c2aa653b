import CommandLineService

CommandLineService.run(Array(CommandLine.arguments.dropFirst()))
