using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Tests.Deployment;

/// <summary>What values.schema.json refuses, as Helm does before it renders anything.</summary>
public sealed class ValuesSchemaTests
{
    private static readonly JsonNode Schema = JsonNode.Parse(File.ReadAllText(Path.Combine(DeployFolder.Chart, "values.schema.json")))!;

    public static TheoryData<string> Examples => [.. Directory.EnumerateFiles(Path.Combine(DeployFolder.Chart, "examples")).Select(static file => Path.GetFileNameWithoutExtension(file))];

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_example_is_taken(string name) => Assert.Empty(Faults(DeployFolder.Values(name), Schema, ""));

    [Theory]
    [InlineData("nonsense: 1", ".nonsense")]
    [InlineData("image: {pullPolicy: Sometimes}", ".image.pullPolicy")]
    [InlineData("image: {tag: \"\"}", ".image.tag")]
    [InlineData("cluster: a b", ".cluster")]
    [InlineData("optimizer: {replicas: 2}", ".optimizer.replicas")]
    [InlineData("optimizer: {replicas: many}", ".optimizer.replicas")]
    [InlineData("optimizer: {volume: 20}", ".optimizer.volume")]
    [InlineData("optimizer: {memory: plenty}", ".optimizer.memory")]
    [InlineData("store: {kind: Files}", ".store.kind")]
    [InlineData("store: {retentionBytes: 20GB}", ".store.retentionBytes")]
    [InlineData("store: {kind: Prometheus}", ".store.writeUrl")]
    [InlineData("store: {kind: Influx, influxUrl: influx}", ".store.influxUrl")]
    [InlineData("policy: {mode: Apply}", ".policy.namespaces")]
    [InlineData("policy: {mode: Apply, namespaces: [shop]}", ".policy.sysctls")]
    [InlineData("policy: {sysctls: [{name: kernel.msgmax}]}", ".policy.sysctls[0].name")]
    [InlineData("policy: {approval: Perhaps}", ".policy.approval")]
    [InlineData("kubelet: {certificate: None}", ".kubelet.certificate")]
    [InlineData("kubelet: {certificateFile: kubelet.crt}", ".kubelet.certificateFile")]
    [InlineData("tuner: {enabled: please}", ".tuner.enabled")]
    [InlineData("tls: {secretName: 1}", ".tls.secretName")]
    [InlineData("networkPolicies: {apiServerPorts: []}", ".networkPolicies.apiServerPorts")]
    [InlineData("networkPolicies: {otherPorts: [70000]}", ".networkPolicies.otherPorts[0]")]
    [InlineData("nodeGroups: []", ".nodeGroups")]
    [InlineData("nodeGroups: [{name: A, nodeSelector: {}}]", ".nodeGroups[0].name")]
    [InlineData("nodeGroups: [{name: a, nodeSelector: {}}, {name: b, nodeSelector: {zone: b}}]", ".nodeGroups[0].nodeSelector")]
    [InlineData("{store: {kind: Influx, influxUrl: \"http://i:8086\"}, nodeGroups: [{name: a, nodeSelector: {zone: a}}, {name: b, nodeSelector: {zone: b}}]}", ".nodeGroups[1].influxDatabase")]
    public void A_value_that_cannot_be_is_refused_where_it_stands(string values, string path) =>
        Assert.Contains(path, Faults(ChartTemplate.Over(DeployFolder.Values(), YamlDocument.Parse("values", values).Root), Schema, ""));

    /// <summary>As much of JSON Schema (draft 7) as the chart uses; a word that is unknown here is refused.</summary>
    /// <returns>Paths of what does not hold.</returns>
    private static IEnumerable<string> Faults(JsonNode? value, JsonNode schema, string path)
    {
        foreach (var (word, rule) in schema.AsObject())
        {
            var faults = (word, value) switch
            {
                ("$schema" or "if" or "then", _) => [],
                ("type", _) => IsOf(value, rule!.ToString()) ? [] : [path],
                ("enum", _) => rule!.AsArray().Any(each => JsonNode.DeepEquals(each, value)) ? [] : [path],
                ("const", _) => JsonNode.DeepEquals(rule, value) ? [] : [path],
                ("properties", JsonObject mapping) => rule!.AsObject().Where(each => mapping.ContainsKey(each.Key)).SelectMany(each => Faults(mapping[each.Key], each.Value!, $"{path}.{each.Key}")),
                ("additionalProperties", JsonObject mapping) => mapping.Where(each => schema["properties"]![each.Key] is null).Select(each => $"{path}.{each.Key}"),
                ("required", JsonObject mapping) => rule!.AsArray().Select(static name => name!.ToString()).Where(name => !mapping.ContainsKey(name)).Select(name => $"{path}.{name}"),
                ("items", JsonArray list) => list.SelectMany((each, index) => Faults(each, rule!, $"{path}[{index}]")),
                ("uniqueItems", JsonArray list) => list.Select(static each => each!.ToJsonString()).Distinct(StringComparer.Ordinal).Count() == list.Count ? [] : [path],
                ("minProperties", JsonObject mapping) => mapping.Count >= rule!.GetValue<int>() ? [] : [path],
                ("minItems", JsonArray list) => list.Count >= rule!.GetValue<int>() ? [] : [path],
                ("pattern", JsonValue) => Regex.IsMatch(value.ToString(), rule!.ToString(), RegexOptions.None, TimeSpan.FromSeconds(1)) ? [] : [path],
                ("minLength", JsonValue) => value.ToString().Length >= rule!.GetValue<int>() ? [] : [path],
                ("minimum", JsonValue) => Number(value) >= rule!.GetValue<int>() ? [] : [path],
                ("maximum", JsonValue) => Number(value) <= rule!.GetValue<int>() ? [] : [path],
                ("allOf", _) => rule!.AsArray().Where(each => !Faults(value, each!["if"]!, path).Any()).SelectMany(each => Faults(value, each!["then"]!, path)),
                ("properties" or "additionalProperties" or "required" or "items" or "minItems" or "uniqueItems" or "minProperties" or "pattern" or "minLength" or "minimum" or "maximum", _) => [],
                _ => throw new NotSupportedException(word),
            };
            foreach (var fault in faults)
            {
                yield return fault;
            }
        }
    }

    private static double Number(JsonNode value) => double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    private static bool IsOf(JsonNode? value, string type) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "integer" => value?.GetValueKind() == JsonValueKind.Number && double.IsInteger(Number(value)),
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        _ => throw new NotSupportedException(type),
    };
}
