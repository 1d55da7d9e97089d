using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Checks;
using NetPulse.Optimizer.Policies.Checks.Reports;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Manifests;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies check SOURCE</c>: everything that is wrong, what would be right, and what could not be looked at.</summary>
internal static class CheckCommand
{
    /// <summary>Where a node keeps its CNI configuration: given as --cni, this host is looked at.</summary>
    private const string OwnConfiguration = "/etc/cni/net.d";

    private const int Found = 1;
    private const int BrokenInput = 2;

    /// <summary>Nothing to look at (EX_NOINPUT of sysexits.h).</summary>
    private const int NoInput = 66;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task<int> RunAsync(Arguments arguments, TextWriter output, TextWriter errors)
    {
        var format = arguments.Option("--format") ?? "text";
        if (format is not ("text" or "json" or "sarif"))
        {
            throw new UsageException($"--format {format} is not understood: expected text, json or sarif");
        }

        var failOn = (arguments.Option("--fail-on") ?? "error") switch
        {
            "error" => Severity.Error,
            "warning" => Severity.Warning,
            "info" => Severity.Info,
            var other => throw new UsageException($"--fail-on {other} is not understood: expected error, warning or info"),
        };
        var documents = arguments.Option("--docs") ?? Diagnoses.DefaultDocuments;
        var isStrict = arguments.Flag("--strict");
        var faults = new List<ObjectFileException>();
        var (evidence, source) = Gather(arguments, faults);
        faults.AddRange(evidence.Faults);
        foreach (var fault in faults)
        {
            await errors.WriteLineAsync(fault.Message);
        }

        if (evidence.Objects.IsEmpty && evidence.CniConfigurations.IsEmpty && evidence.Corefiles.IsEmpty && evidence.NodeStates.IsEmpty)
        {
            await errors.WriteLineAsync($"{source}: holds nothing to look at");
            return NoInput;
        }

        var diagnoses = new Diagnoses(Doctor.Examine(evidence), [.. faults], source, documents);
        await (format switch
        {
            "json" => output.WriteLineAsync(JsonReport.Of(diagnoses).ToJsonString(Indented)),
            "sarif" => output.WriteLineAsync(SarifReport.Of(diagnoses).ToJsonString(Indented)),
            _ => TextReport.WriteAsync(diagnoses, output),
        });
        return isStrict && faults.Count > 0 ? BrokenInput : diagnoses.Findings.Any(f => f.Check.Severity <= failOn) ? Found : 0;
    }

    private static (ClusterEvidence Evidence, string Source) Gather(Arguments arguments, List<ObjectFileException> faults)
    {
        var (cni, corefile, flows, metrics) = (arguments.Option("--cni"), arguments.Option("--corefile"), arguments.Option("--flows"), arguments.Option("--metrics"));
        var nodes = new List<NodeFolder>();
        while (arguments.Option("--node") is { } node)
        {
            nodes.Add(node == "this" || Directory.Exists(node) ? NodeFolder.At(node) : throw Missing(node));
        }

        if (cni is not null && !Directory.Exists(cni))
        {
            throw Missing(cni);
        }

        if (nodes.Count == 0 && cni == OwnConfiguration)
        {
            nodes.Add(NodeFolder.At("this"));
        }

        // A node or a folder of configurations can be looked at without any object.
        var source = arguments.Optional() ?? (nodes.Count > 0 || cni is not null || corefile is not null ? "" : throw new UsageException("the manifests are missing"));
        arguments.End();

        List<ManifestObject> objects = source.Length > 0 ? [.. ManifestSource.Objects(source, faults)] : [];
        objects.AddRange(ConfigMapEvidence.KubeletConfigurations(objects).ToList());
        foreach (var (file, text) in nodes.Select(static n => n.KubeletConfiguration()).OfType<(string File, string Text)>())
        {
            objects.AddRange(ManifestObject.ParseAll(file, text, faults));
        }

        var (pods, services) = ConfigMapEvidence.Blocks(objects);
        var evidence = new ClusterEvidence(objects)
        {
            CniConfigurations =
            [
                .. ConfigMapEvidence.CniConfigurations(objects),
                .. cni is not null ? NodeFolder.CniConfigurationsOf(cni, nodes.Count == 1 ? nodes[0].Name : "") : nodes.SelectMany(static n => n.CniConfigurations()),
            ],
            Corefiles = [.. ConfigMapEvidence.Corefiles(objects), .. corefile is null ? [] : ImmutableArray.Create(new CorefileText(corefile, Read(corefile)))],
            NodeStates = [.. nodes.Select(static n => n.ReadState())],
            Now = TimeProvider.System.GetUtcNow(),
            PodBlock = pods,
            ServiceBlock = services,
            Flows = flows is null ? null : [.. FlowFile.Read(flows, faults)],
            Metrics = metrics is null ? null : [.. MetricReading.Parse(Read(metrics))],
        };
        return (evidence, source.Length > 0 ? source : cni ?? corefile ?? "this node");
    }

    /// <exception cref="ObjectFileException">The file cannot be read.</exception>
    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(file, 0, "", $"cannot be read: {e.Message}", e);
        }
    }

    private static ObjectFileException Missing(string folder) => new(folder, 0, "", "there is no such folder");
}
