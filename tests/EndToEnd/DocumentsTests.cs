using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using NetPulse.Telemetry.Samples;

namespace NetPulse.EndToEnd;

/// <summary>What the documents name is there, and the generated ones are what the code says.</summary>
public sealed partial class DocumentsTests
{
    /// <summary>Set to write docs/metrics.md anew instead of comparing it.</summary>
    private const string Write = "NETPULSE_WRITE_DOCS";

    private static string Root => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../.."));

    private static string MetricsFile => Path.Combine(Root, "docs", "metrics.md");

    private static IEnumerable<string> Documents =>
        [.. Directory.EnumerateFiles(Root, "*.md"), .. Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)];

    [Fact]
    public void Every_path_that_a_document_names_is_there() => Assert.Empty(
        from document in Documents
        from Match named in RepositoryPath().Matches(File.ReadAllText(document))
        where !Path.Exists(Path.Combine(Root, named.Value))
        select $"{Path.GetRelativePath(Root, document)} names {named.Value}");

    [Fact]
    public void Every_type_and_folder_that_explains_the_code_is_in_the_code()
    {
        var words = SourceFiles().SelectMany(file => Word().Matches(File.ReadAllText(file)).Select(word => word.Value))
            .Concat(Directory.EnumerateDirectories(Path.Combine(Root, "src"), "*", SearchOption.AllDirectories).Select(folder => Path.GetFileName(folder)))
            .ToHashSet(StringComparer.Ordinal);
        Assert.Empty(
            from document in new[] { "ARCHITECTURE.md", "CONTRIBUTING.md" }
            from Match named in TypeName().Matches(File.ReadAllText(Path.Combine(Root, document)))
            where !words.Contains(named.Groups["name"].Value)
            select $"{document} names {named.Value}");
    }

    [Fact]
    public void Every_make_target_that_a_document_names_is_in_the_Makefile()
    {
        var targets = MakeTarget().Matches(File.ReadAllText(Path.Combine(Root, "Makefile"))).Select(target => target.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(
            from document in Documents
            from Match named in MakeCommand().Matches(File.ReadAllText(document))
            where !targets.Contains(named.Groups["name"].Value)
            select $"{Path.GetRelativePath(Root, document)} names {named.Value}");
    }

    [Fact]
    public void The_metrics_page_is_what_the_tables_say()
    {
        var page = MetricsPage();
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 })
        {
            File.WriteAllText(MetricsFile, page);
        }

        Assert.True(
            File.Exists(MetricsFile) && File.ReadAllText(MetricsFile) == page,
            $"docs/metrics.md is stale; write it anew: {Write}=1 dotnet test tests/EndToEnd --filter {nameof(The_metrics_page_is_what_the_tables_say)}");
    }

    private static string MetricsPage()
    {
        var page = new StringBuilder();
        page.Append("# Metrics\n\n");
        page.Append("Generated from the tables in `src/Telemetry/Samples` and from what each service counts of itself; the test that fails when this page is stale says how.\n");
        Section(page, "TCP by workload pair", "node, namespace, workload, pod, peer_namespace, peer_workload, peer_pod, server_port, role (client or server); direction (transmit or receive) or reason where the help names it", TcpMetrics.All);
        Section(page, "TCP sockets by owner", "node, namespace, workload, pod; state, or server_port for the listen queues", TcpSocketMetrics.All);
        Section(page, "Single TCP connections (`sampling.tcpFlows`)", "those of the workload pair, address, port, peer_address, peer_port; direction", TcpFlowMetrics.All);
        Section(page, "UDP by workload pair", "node, namespace, workload, pod, peer_namespace, peer_workload, peer_pod, server_port, role; direction where the help names it; drops: node, namespace, workload, pod, server_port, reason", UdpMetrics.All);
        Section(page, "DNS by who asks and by resolver", "node, namespace, workload, pod, peer_namespace, peer_workload, peer_pod (the resolver), protocol (udp or tcp); rcode for the responses", DnsMetrics.All);
        Section(page, "Dropped packets", "node, namespace, workload, pod, reason (the kernel's), class (docs/drops.md)", DropMetrics.All);
        Section(page, "Network namespaces", "node, namespace, workload, pod; interface and direction for the interfaces' metrics, sysctl and field or value for the sysctls', protocol for the sockets', family for the reassembly's", NamespaceMetrics.All);
        Section(page, "The node", "node; cpu for softnet's; namespace, workload, pod and interface for queues (with qdisc) and MTUs (excess: with reason); namespace, workload, pod for conntrack's; family and level for the neighbour table's; protocol and level for socket memory's; interface and counter for the cards'", NodeMetrics.All);
        Section(page, "Who is who", "node, namespace, workload, pod; workload_kind and host_network; or service_namespace, service, server_port, protocol, peer_namespace, peer_workload, peer_pod", AttributionMetrics.All);
        Section(page, "The kubelet", "node; for a pod's, namespace, workload, pod; interface and direction for the networks'. Each sample has the time at which the kubelet measured it", KubeletMetrics.All);
        Section(page, "The collector's sources", "node, source", SourceMetrics.All);
        Section(page, "The processes", "none; the collector's have node", ProcessMetrics.All);
        Section(page, "What the services count of themselves", "none, or one (result, reason, outcome, source); the Tuner opens no port: `dotnet-counters` reads its meter", OwnMetrics());
        return page.ToString();
    }

    private static void Section(StringBuilder page, string title, string labels, ImmutableArray<MetricDefinition> metrics)
    {
        page.Append($"\n## {title}\n\nLabels: {labels}.\n\n| Metric | Kind | Unit | What it is | Source |\n|---|---|---|---|---|\n");
        foreach (var metric in metrics)
        {
            page.Append($"| `{metric.Name}` | {metric.KindName} | {metric.Unit} | {metric.Help} | {metric.Source} |\n");
        }
    }

    /// <summary>The instruments stand in the classes that use them, each on a line of its own; the exposition adds a counter's <c>_total</c>.</summary>
    private static ImmutableArray<MetricDefinition> OwnMetrics() =>
    [
        .. from file in SourceFiles()
           from Match instrument in Instrument().Matches(File.ReadAllText(file))
           let isCounter = instrument.Groups["kind"].Value == "Counter"
           let metric = new MetricDefinition(
               instrument.Groups["name"].Value + (isCounter ? "_total" : ""),
               isCounter ? MetricKind.Counter : MetricKind.Gauge,
               instrument.Groups["unit"].Value,
               instrument.Groups["help"].Value.Replace("\\\"", "\"", StringComparison.Ordinal),
               Path.GetRelativePath(Path.Combine(Root, "src"), file).Split(Path.DirectorySeparatorChar)[0])
           orderby metric.Source, metric.Name
           select metric,
    ];

    private static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*.cs", SearchOption.AllDirectories).Where(file => file != ThisFile()))
            .Where(file => !file.Contains("/artifacts/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal));

    private static string ThisFile([CallerFilePath] string here = "") => here;

    [GeneratedRegex(@"(?<![\w./-])(?:(?:src|tests|docs|scripts|benchmarks|dashboards|deploy|\.ci)/[\w./-]*\w|[A-Z]+\.md|Makefile|Directory\.\w+\.props|BannedSymbols\.txt|\.editorconfig)")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex Word();

    [GeneratedRegex(@"`(?<name>[A-Z][A-Za-z]+)`")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"(?:^|`)make (?<name>[a-z][a-z-]*)", RegexOptions.Multiline)]
    private static partial Regex MakeCommand();

    [GeneratedRegex("^(?<name>[a-z-]+):", RegexOptions.Multiline)]
    private static partial Regex MakeTarget();

    [GeneratedRegex("""Create(?<kind>Counter|Histogram|ObservableGauge)(<\w+>)?\("(?<name>netpulse_\w+)".*?(, "(?<unit>[a-z]+)")?, (description: )?"(?<help>(?:[^"\\]|\\.)+)"\);""")]
    private static partial Regex Instrument();
}
