using Microsoft.Extensions.Hosting;
using NetPulse.Hosting;
using NetPulse.Tuner.Desired;
using NetPulse.Tuner.Knobs;
using NetPulse.Tuner.Namespaces;

const string Usage = """
    netpulse-tuner [run] [--config FILE] [--tuner:FIELD=VALUE ...]   applies this node's NodeTuning until it is stopped
    netpulse-tuner revert --state DIR                                puts back what held before, where no Tuner runs any more
    netpulse-tuner knobs [--markdown]                                lists the sysctls that are accepted
    """;

switch (args)
{
    case [] or ["run", ..]:
        return await ServiceStart.RunAsync(args is [] ? args : args[1..], Build);
    case [var option, ..] when option.StartsWith("--", StringComparison.Ordinal) && option != "--help":
        return await ServiceStart.RunAsync(args, Build);
    case ["revert", "--state", var directory]:
        return await RevertAsync(directory);
    case ["knobs", "--markdown"]:
        await Console.Out.WriteAsync(KnobTable.Accepted.ToMarkdown());
        return 0;
    case ["knobs"]:
        foreach (var knob in KnobTable.Accepted.Knobs)
        {
            Console.WriteLine(knob.Allowed);
        }

        return 0;
    case ["--help" or "help"]:
        Console.WriteLine(Usage);
        return 0;
    default:
        await Console.Error.WriteLineAsync($"not understood: {string.Join(' ', args)}\n{Usage}");
        return 64;
}

static IHost Build(ServiceConfiguration configuration)
{
    RequireCapabilities();
    var builder = Host.CreateEmptyApplicationBuilder(null);
    builder.UseServiceConfiguration(configuration);
    builder.Services.AddTuner(configuration.Root);
    return builder.Build();
}

static async Task<int> RevertAsync(string directory)
{
    try
    {
        RequireCapabilities();
        return await HeldReversal.RunAsync(directory, Console.Out, TimeProvider.System);
    }
    catch (StartRefusedException e)
    {
        await Console.Error.WriteLineAsync(e.Message);
        return 1;
    }
}

static void RequireCapabilities()
{
    if (RequiredCapabilities.Missing(File.ReadAllText("/proc/self/status")) is { Length: > 0 } missing)
    {
        throw new StartRefusedException(missing);
    }
}
