using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>netpulse-optimizer policies …</c>: questions about files, without a cluster and without root.</summary>
public static class PoliciesCommand
{
    public const string Verb = "policies";

    /// <summary>A command line that cannot be followed (EX_USAGE of sysexits.h).</summary>
    private const int UsageError = 64;

    /// <summary>Files that cannot be read (EX_NOINPUT of sysexits.h).</summary>
    private const int InputError = 66;

    private const string Usage =
        """
        netpulse-optimizer policies can FROM TO PORT[/PROTOCOL] --manifests SOURCE
            may FROM open a connection to TO: why, why not, and the smallest patch that would change it
            FROM and TO: namespace/pod, namespace/workload, or an address
        netpulse-optimizer policies table SOURCE
            everyone to everyone
        netpulse-optimizer policies exposure SOURCE [--namespace NS] [--labels K=V,...|any] [--ports [NAME=]8080[/TCP],...] [--ip ADDRESS]
            what a pod that is not there yet could reach and be reached by, and why; for each namespace unless one is named
        netpulse-optimizer policies unused SOURCE --flows FILE [--window 7d]
            rules that no observed flow used, and those that nothing needs; says how much of the window was seen
        netpulse-optimizer policies diff OLD NEW [--flows FILE]
            what a change of manifests opens and closes, and which of the observed flows it would break
        netpulse-optimizer policies recommend SOURCE --flows FILE [--namespaces A,B] [--no-default-deny]
            policies that allow what was seen and nothing else, for kubectl apply -f -; what a person should look at goes to standard error
        netpulse-optimizer policies simplify SOURCE
            policies with rules that can be joined, rewritten; that they mean the same is checked
        netpulse-optimizer policies check SOURCE [--cni DIR] [--corefile FILE] [--flows FILE] [--metrics FILE] [--node DIR|this]...
                                          [--format text|json|sarif] [--fail-on error|warning|info] [--docs URL] [--strict]
            what is wrong, with the fix, and what could not be looked at; exit code 1 from --fail-on (error) on, 2 with --strict for input that cannot be read
            DIR of --node: a node's root folder, or a sosreport of it; this: the host itself. FILE of --metrics: a scrape in Prometheus's text format
        netpulse-optimizer policies cases DIR [--out FILE]
            runs cases with expected answers, prints the wrong ones and how many passed

        SOURCE, OLD, NEW: a file or a folder of YAML or JSON, or - for standard input.
        FILE of --flows: JSON lines, as {"proto":"TCP","src":{"pod":"shop/web-0"},"dst":{"ip":"192.0.2.1"},"dstPort":443,"count":7,"lastSeen":"2026-01-31T12:00:00Z"}
        """;

    /// <param name="args">After the verb.</param>
    /// <returns>The exit code: 0 for yes, the same, all right; 1 for no, a difference, something wrong.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter errors)
    {
        try
        {
            var arguments = new Arguments(args.Skip(1));
            return await ((args.Count > 0 ? args[0] : "") switch
            {
                "can" => CanCommand.RunAsync(arguments, output, errors),
                "table" => TableCommand.RunAsync(arguments, output, errors),
                "exposure" => ExposureCommand.RunAsync(arguments, output, errors),
                "unused" => UnusedCommand.RunAsync(arguments, output, errors),
                "diff" => DiffCommand.RunAsync(arguments, output, errors),
                "recommend" => RecommendCommand.RunAsync(arguments, output, errors),
                "simplify" => SimplifyCommand.RunAsync(arguments, output, errors),
                "check" => CheckCommand.RunAsync(arguments, output, errors),
                "cases" => CasesCommand.RunAsync(arguments, output),
                var verb => throw new UsageException(verb.Length == 0 ? "a question is missing" : $"{verb} is not understood"),
            });
        }
        catch (UsageException e)
        {
            await errors.WriteLineAsync($"{e.Message}\n\n{Usage}");
            return UsageError;
        }
        catch (ObjectFileException e)
        {
            await errors.WriteLineAsync(e.Message);
            return InputError;
        }
    }
}
