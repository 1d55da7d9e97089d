using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Tests.Files;

public sealed class ObjectFileTests
{
    private const string Tuning = """
        apiVersion: netpulse.io/v1alpha1
        kind: NodeTuning
        metadata:
          name: node-1
        spec:
          settings:
          - name: change-1
            pod: {namespace: lab, name: archive-0}
            sysctl: net.ipv4.tcp_rmem
            value: 4096 131072 1500000
            revertAt: 2026-01-01T00:10:00Z
        """;

    private const string Policy = """
        apiVersion: netpulse.io/v1alpha1
        kind: OptimizationPolicy
        metadata: {name: default}
        spec:
          mode: Apply
          namespaces: [lab]
          sysctls:
          - name: net.ipv4.tcp_rmem
            maximum: 16777216
          canary:
            duration: 30s
          limits:
            changesPerHour: 5
        """;

    [Fact]
    public void Whatever_a_policy_is_changed_into_it_is_read_or_refused_with_its_file()
    {
        const string Whole = """
            apiVersion: netpulse.io/v1alpha1
            kind: OptimizationPolicy
            metadata: {name: shop, labels: {a: b}}
            spec:
              mode: Apply
              paused: ["incident"]
              namespaces: [shop]
              sysctls:
              - {name: net.ipv4.tcp_rmem, maximum: 16777216}
              canary: {duration: 10m}
              limits: {changesPerHour: 5, cooldown: 1h}
            """;
        string[] pieces = ["null", "~", "-00:00:10", "1.5", "-1", "99999999999999999999", "1e400", "[]", "{}", "\"\"", "\"5m\"", "true", "2026-01-01", "&a x", "!!str 5", "? x", "|", ": ", "- ", "\t", "#", "'", "\u0000", "10:00", "999999999d", "éü"];
        var random = new Random(42);
        for (var i = 0; i < 5000; i++)
        {
            var text = Whole;
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(text.Length);
                var until = Math.Min(text.Length, at + random.Next(8));
                text = text[..at] + pieces[random.Next(pieces.Length)] + text[until..];
            }

            try
            {
                _ = ObjectFile.Parse<OptimizationPolicy>("policy.yaml", text);
            }
            catch (ObjectFileException e)
            {
                Assert.StartsWith("policy.yaml", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_tuning_is_read()
    {
        var setting = Assert.Single(ObjectFile.Parse<NodeTuning>("t.yaml", Tuning).Spec.Settings);
        Assert.Equal("lab/archive-0", setting.Pod!.ToString());
        Assert.Equal("4096 131072 1500000", setting.Value);
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 10, 0, TimeSpan.Zero), setting.RevertAt);
    }

    [Theory]
    [InlineData("value:", "valeu:", 10, "spec.settings[0].valeu", "not a known field")]
    [InlineData("value: 4096 131072 1500000", "value: 4096", 10, "spec.settings[0].value", "must be a text")]
    [InlineData("name: change-1", "name: Change_1", 7, "spec.settings[0].name", "must be a lower-case DNS name")]
    [InlineData("name: change-1", "name: ''", 7, "spec.settings[0].name", "an empty text is not allowed")]
    [InlineData("sysctl: net.ipv4.tcp_rmem", "sysctl: kernel.panic", 9, "spec.settings[0].sysctl", "must be a dotted name below net.")]
    [InlineData("revertAt: 2026-01-01T00:10:00Z", "revertAt: soon", 11, "spec.settings[0].revertAt", "must be a time")]
    [InlineData("namespace: lab, name: archive-0", "namespace: lab", 8, "spec.settings[0].pod.name", "is missing")]
    [InlineData("  name: node-1", "  nodeName: node-1", 4, "metadata.nodeName", "not a known field")]
    [InlineData("kind: NodeTuning", "kind: Pod", 2, "kind", "must be NodeTuning")]
    [InlineData("kind: NodeTuning", "", 1, "kind", "must be NodeTuning")]
    [InlineData("netpulse.io/v1alpha1", "netpulse.io/v9", 1, "apiVersion", "must be netpulse.io/v1alpha1")]
    [InlineData("  settings:", "  settings: 5\n  x:", 6, "spec.settings", "must be a list")]
    [InlineData("  settings:", "  settings:\n  -", 7, "spec.settings[0]", "must not be empty")]
    [InlineData("  settings:", "  settings:\n  x:", 6, "spec.settings", "must not be empty")]
    public void A_fault_is_told_with_file_line_field_and_what_is_right(string right, string wrong, int line, string field, string problem)
    {
        var fault = Assert.Throws<ObjectFileException>(() => ObjectFile.Parse<NodeTuning>("t.yaml", Tuning.Replace(right, wrong, StringComparison.Ordinal)));
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.Equal((line, field), (fault.Line, fault.Field));
        Assert.StartsWith($"t.yaml:{line}: {field}: ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mode: Apply", "mode: Aply", "spec.mode", "must be one of Observe, Propose, Apply")]
    [InlineData("mode: Apply", "mode: 2", "spec.mode", "must be one of Observe, Propose, Apply")]
    [InlineData("duration: 30s", "duration: 5s", "spec.canary.duration", "5s is not allowed: must be 10s to 1h")]
    [InlineData("duration: 30s", "duration: 30", "spec.canary.duration", "must be a duration, as 90s")]
    [InlineData("changesPerHour: 5", "changesPerHour: 500", "spec.limits.changesPerHour", "500 is not allowed: must be 1 to 100")]
    [InlineData("changesPerHour: 5", "changesPerHour: many", "spec.limits.changesPerHour", "must be a whole number")]
    [InlineData("changesPerHour: 5", "changesPerHour: 5.5", "spec.limits.changesPerHour", "must be a whole number")]
    [InlineData("maximum: 16777216", "maximum: -1", "spec.sysctls[0].maximum", "must be 0 to")]
    [InlineData("namespaces: [lab]", "namespaces: lab", "spec.namespaces", "must be a list")]
    [InlineData("namespaces: [lab]", "namespaces: [lab, 5]", "spec.namespaces[1]", "must be a text")]
    [InlineData("namespaces: [lab]", "namespaces: [lab, ~]", "spec.namespaces[1]", "must not be empty")]
    [InlineData("canary:", "canary: 5\n  limit:", "spec.canary", "must be a mapping")]
    public void A_policy_that_is_out_of_bounds_is_refused_with_the_bounds(string right, string wrong, string field, string problem)
    {
        var fault = Assert.Throws<ObjectFileException>(() => ObjectFile.Parse<OptimizationPolicy>("p.yaml", Policy.Replace(right, wrong, StringComparison.Ordinal)));
        Assert.Equal(field, fault.Field);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
        Assert.True(fault.Line > 3);
    }

    [Fact]
    public void A_fault_in_an_annotation_has_its_line()
    {
        var fault = Assert.Throws<ObjectFileException>(() => ObjectFile.Parse<Pod>("p.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    x: y\n    netpulse.io/network-namespace: 5\n"));
        Assert.Equal((7, "metadata.annotations.netpulse.io/network-namespace"), (fault.Line, fault.Field));
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_by_name() =>
        Assert.Contains("none.yaml: cannot be read", Assert.Throws<ObjectFileException>(() => ObjectFile.Read<Pod>("none.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_tuning_is_read_back_as_it_was_written() => AssertReadBack(ObjectFile.Parse<NodeTuning>("t.yaml", Tuning) with
    {
        Status = new NodeTuningStatus
        {
            ObservedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero),
            Knobs = [new KnobStatus { Sysctl = "net.ipv4.tcp_rmem", Unit = "bytes", Fields = 3, Minimum = 4096, Maximum = 67108864, PerNamespace = true }],
            Settings = [new SettingStatus { Name = "change-1", State = SettingState.Refused, Message = "no: 'that' \"is\" # wrong\nreally", Before = "1 2 3", Value = "1" }],
            Problem = "f.yaml:3: a.b: no",
        },
    });

    [Fact]
    public void A_policy_is_read_back_as_it_was_written() => AssertReadBack(ObjectFile.Parse<OptimizationPolicy>("p.yaml", Policy));

    [Fact]
    public void A_pod_is_read_back_as_it_was_written() => AssertReadBack(new Pod
    {
        Metadata = new ObjectMeta
        {
            Name = "archive-0",
            Namespace = "lab",
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.WorkloadLabel] = "archive", ["n"] = "5", ["true"] = "true" },
            Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.NetworkNamespaceAnnotation] = "/run/netns/np-archive-0" },
        },
        Spec = new PodSpec { NodeName = "node-1", HostNetwork = true },
        Status = new PodStatus { PodIP = "10.0.0.1" },
    });

    [Fact]
    public void A_written_file_replaces_the_old_one_and_leaves_nothing_beside_it()
    {
        var directory = Directory.CreateTempSubdirectory("nptest-");
        try
        {
            var path = Path.Combine(directory.FullName, "p.yaml");
            ObjectFile.Write(path, new Pod { Metadata = new ObjectMeta { Name = "one" } });
            ObjectFile.Write(path, new Pod { Metadata = new ObjectMeta { Name = "two" } });
            Assert.Equal("two", ObjectFile.Read<Pod>(path).Metadata.Name);
            Assert.Single(directory.GetFileSystemInfos());
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_told_by_name() =>
        Assert.Contains("cannot be written", Assert.Throws<ObjectFileException>(() => ObjectFile.Write("no-such-folder/p.yaml", new Pod { Metadata = new ObjectMeta { Name = "one" } })).Message, StringComparison.Ordinal);

    private static void AssertReadBack<T>(T value)
        where T : class, IKubernetesObject
    {
        var text = ObjectFile.Format(value);
        Assert.Equal(text, ObjectFile.Format(ObjectFile.Parse<T>("o.yaml", text)));
    }
}
