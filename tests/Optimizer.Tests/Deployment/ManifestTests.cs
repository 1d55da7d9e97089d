using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Commands;

namespace NetPulse.Optimizer.Tests.Deployment;

/// <summary>Every manifest that a user would apply.</summary>
public sealed partial class ManifestTests
{
    private const string Checksum = "checksum/settings";

    private static readonly KubernetesTypes Types = new();

    private static readonly IReadOnlyList<string> OverlayNames =
        [.. Directory.EnumerateDirectories(Path.Combine(DeployFolder.Root, "kustomize", "overlays")).Select(static folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Overlays => [.. OverlayNames];

    public static TheoryData<string> Folders => [.. OverlayNames.Select(static name => $"overlays/{name}"), "tuner", "uninstall", "monitoring"];

    [Theory]
    [MemberData(nameof(Overlays))]
    public void The_chart_and_kustomize_make_the_same_objects(string overlay)
    {
        var chart = DeployFolder.RenderedChart(DeployFolder.Values(overlay)).Where(static each => each["metadata"]!["name"]!.ToString() != "netpulse-uninstall").Select(Key).Order(StringComparer.Ordinal);
        var kustomized = DeployFolder.Kustomized(Folder($"overlays/{overlay}")).Where(static each => each["kind"]!.ToString() is not ("Namespace" or "CustomResourceDefinition")).Select(Key).Order(StringComparer.Ordinal);
        Assert.Equal(chart, kustomized);
    }

    /// <summary>The chart is the source; with NETPULSE_WRITE_DEPLOY set, kustomize's files are written anew from it.</summary>
    [Fact]
    public void Kustomizes_files_are_made_from_the_chart()
    {
        var (values, groups) = (DeployFolder.Values(), DeployFolder.Values("node-groups"));
        var everything = ChartTemplate.Over(DeployFolder.Values("tuner-on"), new JsonObject { ["monitoring"] = new JsonObject { ["enabled"] = true } });
        foreach (var (file, template, with, only) in new (string, string, JsonObject, string)[]
        {
            ("base/priority-class.yaml", "priority-class", values, ""), ("base/collector.yaml", "collector", values, ""), ("base/optimizer.yaml", "optimizer", values, ""),
            ("base/people.yaml", "people", values, ""), ("base/policy.yaml", "policy", values, ""), ("base/network-policies.yaml", "network-policies", values, ""),
            ("tuner/tuner.yaml", "tuner", everything, ""), ("tuner/network-policy.yaml", "network-policies", everything, "  name: netpulse-tuner\n"),
            ("monitoring/monitoring.yaml", "monitoring", everything, ""), ("uninstall/uninstall.yaml", "uninstall", everything, ""),
            ("overlays/node-groups/collector.yaml", "collector", groups, "  name: netpulse-collector-zone-b\n"), ("overlays/node-groups/optimizer.yaml", "optimizer", groups, "  name: netpulse-optimizer-zone-b\n"),
            ("overlays/node-groups/policy.yaml", "policy", groups, "  name: zone-b\n"), ("overlays/node-groups/network-policies.yaml", "network-policies", groups, "-zone-b\n"),
        })
        {
            var documents = ChartTemplate.Render(File.ReadAllText(Path.Combine(DeployFolder.Chart, "templates", $"{template}.yaml")), with, DeployFolder.Namespace).Split("\n---\n").Where(document => document.Contains(only, StringComparison.Ordinal));
            var lines = $"# Made from the Helm chart by its own values; a test holds both together.\n{string.Join("\n---\n", documents)}".Split('\n');

            // Kustomize itself names changed settings anew.
            IsWritten(file, string.Join('\n', lines.Where(static line => !line.Contains(Checksum, StringComparison.Ordinal))));
        }

        foreach (var (folder, example, name) in new (string, string?, string)[]
        {
            ("base", null, "collector"), ("base", null, "optimizer"), ("overlays/influxdb", "influxdb", "optimizer"), ("overlays/victoriametrics", "victoriametrics", "optimizer"), ("overlays/shared-schedule", "shared-schedule", "optimizer"),
            ("overlays/node-groups", "node-groups", "optimizer"), ("overlays/node-groups", "node-groups", "collector-zone-b"), ("overlays/node-groups", "node-groups", "optimizer-zone-b"),
        })
        {
            var settings = Assert.Single(DeployFolder.RenderedChart(DeployFolder.Values(example)), each => each["kind"]!.ToString() == "ConfigMap" && each["metadata"]!["name"]!.ToString() == $"netpulse-settings-{name}");
            IsWritten($"{folder}/settings/{name}.yaml", Assert.Single(settings["data"]!.AsObject()).Value!.ToString());
        }

        static void IsWritten(string file, string wanted)
        {
            if (Environment.GetEnvironmentVariable("NETPULSE_WRITE_DEPLOY") is { Length: > 0 })
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Folder(file))!);
                File.WriteAllText(Folder(file), wanted);
            }

            Assert.Equal(wanted, File.ReadAllText(Folder(file)));
        }
    }

    /// <summary>The programs read their settings once, at their start: with others, the pods must be others.</summary>
    [Theory]
    [InlineData("{store: {kind: Prometheus, writeUrl: \"http://v:8428/api/v1/write\", queryUrl: \"http://v:8428\"}, optimizer: {replicas: 2}}", "optimizer")]
    [InlineData("{nodeGroups: [{name: \"\", nodeSelector: {zone: a}}, {name: b, nodeSelector: {zone: b}}]}", "collector optimizer")]
    [InlineData("{cluster: west}", "collector")]
    [InlineData("{policy: {mode: Propose}}", "")]
    public void Pods_whose_settings_change_are_made_anew_and_no_others(string values, string expected)
    {
        var (before, after) = (Checksums(DeployFolder.Values()), Checksums(ChartTemplate.Over(DeployFolder.Values(), YamlDocument.Parse("values", values).Root)));
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), new[] { "collector", "optimizer" }.Where(part => before[$"netpulse-{part}"] != after[$"netpulse-{part}"]));

        static Dictionary<string, string> Checksums(JsonObject values) => DeployFolder.RenderedChart(values).Where(static each => each["spec"]?["template"]?["spec"]?["volumes"]?.ToJsonString().Contains("configMap", StringComparison.Ordinal) == true)
            .ToDictionary(static each => each["metadata"]!["name"]!.ToString(), static each => each["spec"]!["template"]!["metadata"]!["annotations"]![Checksum]!.ToString(), StringComparer.Ordinal);
    }

    [Fact]
    public void The_uninstall_job_and_the_monitors_are_the_charts_too()
    {
        var values = ChartTemplate.Over(DeployFolder.Values("tuner-on"), new JsonObject { ["monitoring"] = new JsonObject { ["enabled"] = true } });
        var chart = DeployFolder.RenderedChart(values).Select(Key).ToHashSet(StringComparer.Ordinal);
        Assert.All(DeployFolder.Kustomized(Folder("uninstall")).Concat(DeployFolder.Kustomized(Folder("monitoring"))), each => Assert.Contains(Key(each), chart));
    }

    /// <summary>Of two releases with groups of their own no object has the other's name; Helm refuses a second one that would take an object of the first.</summary>
    [Fact]
    public void Two_installations_in_two_namespaces_have_no_object_in_common()
    {
        var (first, second) = (Names("shop", "zone-a"), Names("lab", "zone-b"));
        Assert.Empty(first.Intersect(second));
        Assert.Equal(["OptimizationPolicy//default"], Names("shop", "").Intersect(Names("lab", "")));

        static HashSet<string> Names(string installation, string group)
        {
            var values = ChartTemplate.Over(DeployFolder.Values("tuner-on"), new JsonObject { ["monitoring"] = new JsonObject { ["enabled"] = true }, ["nodeGroups"] = new JsonArray(new JsonObject { ["name"] = group, ["nodeSelector"] = new JsonObject() }) });
            return [.. DeployFolder.RenderedChart(values, installation, installation).Select(static each => $"{each["kind"]}/{each["metadata"]!["namespace"]}/{each["metadata"]!["name"]}")];
        }
    }

    /// <summary>Each group's collectors write to its own optimizer, from its own nodes, and no two keep anything in one place.</summary>
    [Fact]
    public void Each_group_of_nodes_has_what_the_others_have_under_its_own_name()
    {
        var objects = DeployFolder.RenderedChart(DeployFolder.Values("node-groups"));
        var names = objects.Select(static each => $"{each["kind"]}/{each["metadata"]!["name"]}").ToList();
        Assert.Distinct(names);
        Assert.Equal(9, names.Count(static name => name.EndsWith("zone-b", StringComparison.Ordinal)));
        foreach (var (suffix, zone, group) in new[] { ("", "zone-a", ""), ("-zone-b", "zone-b", "zone-b") })
        {
            var collector = Find("DaemonSet", $"netpulse-collector{suffix}")["spec"]!["template"]!["spec"]!;
            Assert.Equal(zone, collector["nodeSelector"]!["topology.kubernetes.io/zone"]!.ToString());
            Assert.Contains($"/var/lib/netpulse/spool{suffix}\"", collector["volumes"]!.ToJsonString(), StringComparison.Ordinal);
            Assert.Contains($"//netpulse-optimizer{suffix}.netpulse.svc:8470/", Find("ConfigMap", $"netpulse-settings-collector{suffix}")["data"]!["collector.yaml"]!.ToString(), StringComparison.Ordinal);
            var settings = YamlDocument.Parse("optimizer.yaml", Find("ConfigMap", $"netpulse-settings-optimizer{suffix}")["data"]!["optimizer.yaml"]!.ToString()).Root["cluster"]!;
            Assert.Equal((group, group), ($"{settings["group"]}", $"{settings["policy"]}"));
            Assert.Equal(2, settings["groups"]!.AsArray().Count);
            Assert.Contains($"\"netpulse-optimizer{suffix}\"", Find("Role", "netpulse-optimizer")["rules"]!.ToJsonString(), StringComparison.Ordinal);
            Assert.Equal($"netpulse-optimizer{suffix}", Find("StatefulSet", $"netpulse-optimizer{suffix}")["spec"]!["serviceName"]!.ToString());
        }

        JsonObject Find(string kind, string name) => Assert.Single(objects, each => each["kind"]!.ToString() == kind && each["metadata"]!["name"]!.ToString() == name);
    }

    [Fact]
    public void A_Tuner_that_is_there_is_not_turned_off_in_passing()
    {
        var template = File.ReadAllText(Path.Combine(DeployFolder.Chart, "templates", "tuner.yaml"));
        var refused = Assert.Throws<InvalidOperationException>(() => ChartTemplate.Render(template, DeployFolder.Values(), DeployFolder.Namespace, there: "DaemonSet/netpulse-tuner"));
        Assert.Contains("docs/deployment.md", refused.Message, StringComparison.Ordinal);
        Assert.Contains("kind: DaemonSet", ChartTemplate.Render(template, DeployFolder.Values("tuner-on"), DeployFolder.Namespace, there: "DaemonSet/netpulse-tuner"), StringComparison.Ordinal);
    }

    /// <summary>Who may decide has the verb patch: the kind's own rules must name all that he may not change.</summary>
    [Fact]
    public void Of_a_recommendation_nothing_is_changed_but_the_decision()
    {
        var spec = DeployFolder.Read(Path.Combine(DeployFolder.Root, "crds", "networkrecommendations.yaml"))["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;
        var rule = spec["x-kubernetes-validations"]![0]!["rule"]!.ToString();
        var required = spec["required"]!.AsArray().Select(static name => name!.ToString()).ToList();
        Assert.All(spec["properties"]!.AsObject().Select(static pair => pair.Key).Where(static name => name != "approval"), name => Assert.Contains(
            required.Contains(name) ? $"self.{name} == oldSelf.{name}" : $"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})", rule, StringComparison.Ordinal));
    }

    [Fact]
    public void Our_network_policies_let_out_to_the_ports_that_the_values_name()
    {
        var values = ChartTemplate.Over(DeployFolder.Values("tuner-on"), new JsonObject { ["networkPolicies"] = new JsonObject { ["apiServerPorts"] = new JsonArray(8443), ["otherPorts"] = new JsonArray(8480) } });
        var ports = DeployFolder.RenderedChart(values).Where(static each => each["kind"]!.ToString() == "NetworkPolicy")
            .ToDictionary(static each => each["metadata"]!["name"]!.ToString(), static each => each["spec"]!["egress"]!.ToJsonString(), StringComparer.Ordinal);
        Assert.Equal(3, ports.Count);
        Assert.All(ports.Values, static egress => Assert.Contains("\"port\":8443}", egress, StringComparison.Ordinal));
        Assert.All(ports.Values, static egress => Assert.DoesNotContain("6443", egress, StringComparison.Ordinal));
        Assert.Equal(["netpulse-optimizer"], ports.Where(static pair => pair.Value.Contains("8480", StringComparison.Ordinal)).Select(static pair => pair.Key));
    }

    [Fact]
    public void The_charts_definitions_are_those_of_the_repository() => Assert.All(
        TestApiServer.OurDefinitions, static file => Assert.Equal(File.ReadAllText(file), File.ReadAllText(Path.Combine(DeployFolder.Chart, "crds", Path.GetFileName(file)))));

    [Theory]
    [MemberData(nameof(Folders))]
    public async Task Every_object_is_one_that_a_strict_server_takes(string folder)
    {
        await using var server = await TestApiServer.StartAsync();
        server.DefineOurs();
        foreach (var each in DeployFolder.Kustomized(Folder(folder)))
        {
            var apiVersion = each["apiVersion"]!.ToString();
            if (apiVersion == NetPulseApi.Version)
            {
                ObjectFile.Parse<OptimizationPolicy>(folder, YamlDocument.Format(each));
                server.Add(apiVersion, "optimizationpolicies", each.DeepClone().AsObject());
            }
            else if (apiVersion != "monitoring.coreos.com/v1")
            {
                // The Prometheus operator's kinds are no part of Kubernetes; the chart asks for them only on demand.
                Assert.True(Types.Knows(each["kind"]!.ToString()), each["kind"]!.ToString());
                Assert.Empty(Types.Faults(each));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Our_own_doctor_finds_nothing_wrong_in_them(string overlay)
    {
        var directory = Directory.CreateTempSubdirectory("nptest-");
        try
        {
            var number = 0;
            foreach (var each in DeployFolder.Kustomized(Folder($"overlays/{overlay}")))
            {
                await File.WriteAllTextAsync(Path.Combine(directory.FullName, $"{number++:00}.yaml"), YamlDocument.Format(each));
            }

            var (output, errors) = (new StringWriter(), new StringWriter());
            Assert.True(await PoliciesCommand.RunAsync(["check", directory.FullName], output, errors) == 0, $"{output}{errors}");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>Where a kubectl with kustomize inside is at hand, it is asked, too.</summary>
    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Kustomize_itself_makes_the_same(string overlay)
    {
        using var kubectl = Start("kubectl", "kustomize", Folder($"overlays/{overlay}"));
        if (kubectl is null)
        {
            return;
        }

        var text = await kubectl.StandardOutput.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        if (kubectl.ExitCode == 0)
        {
            var named = NameOfSettings().Replace(text, "${name}");
            Assert.NotEqual(named, text);
            Assert.Equal(
                DeployFolder.Kustomized(Folder($"overlays/{overlay}")).Select(Key).Order(StringComparer.Ordinal),
                DeployFolder.Documents(overlay, named).Select(Key).Order(StringComparer.Ordinal));
        }
    }

    /// <summary>Where a helm is at hand, it is asked, too.</summary>
    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Helm_itself_renders_the_same(string example)
    {
        using var helm = Start("helm", "template", "netpulse", DeployFolder.Chart, "--namespace", DeployFolder.Namespace, "--values", Path.Combine(DeployFolder.Chart, "examples", $"{example}.yaml"));
        if (helm is null)
        {
            return;
        }

        helm.ErrorDataReceived += static (_, _) => { };
        helm.BeginErrorReadLine();
        var text = await helm.StandardOutput.ReadToEndAsync();
        await helm.WaitForExitAsync();
        Assert.Equal(0, helm.ExitCode);
        Assert.Equal(
            DeployFolder.RenderedChart(DeployFolder.Values(example)).Select(Key).Order(StringComparer.Ordinal),
            DeployFolder.Documents(example, $"\n{text}").Select(Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_role_reaches_further_than_its_reason()
    {
        var rules = DeployFolder.RenderedChart(DeployFolder.Values("tuner-on")).Where(static each => each["kind"]!.ToString() is "ClusterRole" or "Role")
            .SelectMany(static role => role["rules"]!.AsArray().Select(static rule => rule!)).ToList();
        Assert.NotEmpty(rules);
        Assert.All(rules, static rule =>
        {
            Assert.DoesNotContain("*", rule.ToJsonString(), StringComparison.Ordinal);
            Assert.DoesNotContain("nodes/proxy", rule.ToJsonString(), StringComparison.Ordinal);
            Assert.DoesNotContain("secrets", rule.ToJsonString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Only_the_Tuner_is_privileged_and_the_optimizer_is_nobody()
    {
        var workloads = DeployFolder.RenderedChart(DeployFolder.Values("tuner-on")).Where(static each => each["spec"]?["template"] is not null).ToDictionary(static each => each["metadata"]!["name"]!.ToString(), static each => each["spec"]!["template"]!["spec"]!, StringComparer.Ordinal);
        Assert.Equal(["netpulse-tuner"], workloads.Where(static pair => pair.Value["containers"]![0]!["securityContext"]!["privileged"]?.GetValue<bool>() == true).Select(static pair => pair.Key));
        Assert.All(workloads.Values, static pod => Assert.True(pod["containers"]![0]!["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>()));
        Assert.True(workloads["netpulse-optimizer"]["securityContext"]!["runAsNonRoot"]!.GetValue<bool>());
        Assert.Equal("[\"ALL\"]", workloads["netpulse-optimizer"]["containers"]![0]!["securityContext"]!["capabilities"]!["drop"]!.ToJsonString());
        Assert.Null(workloads["netpulse-optimizer"]["hostPID"]);
    }

    [Fact]
    public void The_schema_of_the_values_knows_each_of_them()
    {
        var schema = JsonNode.Parse(File.ReadAllText(Path.Combine(DeployFolder.Chart, "values.schema.json")))!;
        Assert.Empty(Unknown(DeployFolder.Values(), schema, ""));
        Assert.All(OverlayNames, name => Assert.Empty(Unknown(DeployFolder.Values(name), schema, "")));
    }

    private static IEnumerable<string> Unknown(JsonObject values, JsonNode schema, string path) => values.SelectMany(pair => schema["properties"]?[pair.Key] is not { } known
        ? [$"{path}.{pair.Key}"]
        : pair.Value is JsonObject inner ? Unknown(inner, known, $"{path}.{pair.Key}") : []);

    private static string Folder(string name) => Path.Combine(DeployFolder.Root, "kustomize", name);

    /// <summary>The whole object, its fields in order, without the checksum, which kustomize has no need of.</summary>
    private static string Key(JsonObject value)
    {
        if (value["spec"]?["template"]?["metadata"]?.AsObject() is { } pods && pods["annotations"]?[Checksum] is not null)
        {
            pods.Remove("annotations");
        }

        return $"{value["kind"]}/{value["metadata"]!["name"]} {Sorted(value)!.ToJsonString()}";
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject mapping => new JsonObject(mapping.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => KeyValuePair.Create(pair.Key, Sorted(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        JsonValue value when value.TryGetValue<string>(out var text) => text.TrimEnd('\n'),
        _ => node?.DeepClone(),
    };

    /// <summary>With the hash of what is in it at the end, in kustomize's own letters.</summary>
    [GeneratedRegex(@"(?<name>name: netpulse-settings-[a-z-]+)-[2456789bcdfghkmt]{10}\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NameOfSettings();

    private static Process? Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
