using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Tests.Files;

public sealed class ManifestObjectTests
{
    [Fact]
    public void A_file_may_hold_several_documents_comments_and_empty_ones()
    {
        var (objects, faults) = Parse("# licence\n%YAML 1.2\n---\nkind: A\n---\n# nothing\n---\n\n--- # next\nkind: B\ntext: |\n  --- not a document\n...\n---\nkind: C\n");
        Assert.Equal(["A", "B", "C"], objects.Select(static o => o.Kind));
        Assert.Empty(faults);
        Assert.Equal([4, 10, 15], objects.Select(static o => o.LineOf("kind")));
    }

    [Fact]
    public void A_broken_document_is_named_with_line_and_column_and_the_others_are_read()
    {
        var (objects, faults) = Parse("kind: A\n---\nkind: B\nlist: [1\n---\nkind: C\n");
        Assert.Equal(["A", "C"], objects.Select(static o => o.Kind));
        var fault = Assert.Single(faults);
        Assert.InRange(fault.Line, 4, 5);
        Assert.Matches(@"^m\.yaml:\d+:\d+: not valid YAML", fault.Message);
    }

    [Fact]
    public void Each_object_of_a_list_has_its_own_lines()
    {
        var (objects, faults) = Parse("apiVersion: v1\nkind: List\nitems:\n- kind: Namespace\n  metadata: {name: a}\n- kind: PodList\n  items:\n  - kind: Pod\n    metadata: {nam: b}\n");
        Assert.Equal(["Namespace", "Pod"], objects.Select(static o => o.Kind));
        Assert.Empty(faults);
        Assert.Equal(9, objects[1].LineOf("metadata.nam"));
        Assert.Equal("a", objects[0].Read<Namespace>().Metadata.Name);
    }

    [Fact]
    public void What_is_no_object_is_named()
    {
        var (objects, faults) = Parse("a: 1\n---\nkind: B\n");
        Assert.Single(objects);
        Assert.Contains("it has no kind", Assert.Single(faults).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_that_we_do_not_know_are_left_aside_except_in_policies()
    {
        var pod = Parse("{kind: Pod, metadata: {name: a, uid: x}, spec: {containers: [{name: c, image: i}], tolerations: []}, status: {phase: Running}}").Objects[0];
        Assert.Equal("c", pod.Read<Pod>().Spec.Containers[0].Name);
        var policy = Parse("kind: NetworkPolicy\nmetadata: {name: a, uid: x}\nspec:\n  ingres: []\n").Objects[0];
        var fault = Assert.Throws<ObjectFileException>(() => policy.Read<NetworkPolicy>());
        Assert.Equal((4, "spec.ingres"), (fault.Line, fault.Field));
    }

    [Fact]
    public void A_null_is_what_the_API_server_makes_of_it()
    {
        var spec = Parse("{kind: NetworkPolicy, metadata: {name: a, creationTimestamp: null}, spec: {podSelector: {matchLabels: {app: }}, ingress: [null], egress: null}}").Objects[0].Read<NetworkPolicy>().Spec;
        Assert.Equal("", spec.PodSelector.MatchLabels["app"]);
        Assert.Empty(Assert.Single(spec.Ingress).From);
        Assert.Empty(spec.Egress);
    }

    [Theory]
    [InlineData("80", 80, null)]
    [InlineData("http", 0, "http")]
    [InlineData("'80'", 0, "80")]
    public void A_port_is_a_number_or_a_name(string yaml, int number, string? name) => Assert.Equal(
        new IntOrString(number, name),
        Parse($"{{kind: NetworkPolicy, metadata: {{name: a}}, spec: {{ingress: [{{ports: [{{port: {yaml}}}]}}]}}}}").Objects[0].Read<NetworkPolicy>().Spec.Ingress[0].Ports[0].Port);

    [Theory]
    [InlineData("80.5")]
    [InlineData("[]")]
    public void A_port_that_is_neither_is_refused_with_its_field(string yaml) => Assert.Equal(
        "spec.ingress[0].ports[0].port",
        Assert.Throws<ObjectFileException>(() => Parse($"{{kind: NetworkPolicy, metadata: {{name: a}}, spec: {{ingress: [{{ports: [{{port: {yaml}}}]}}]}}}}").Objects[0].Read<NetworkPolicy>()).Field);

    private static (List<ManifestObject> Objects, List<ObjectFileException> Faults) Parse(string text)
    {
        var faults = new List<ObjectFileException>();
        return ([.. ManifestObject.ParseAll("m.yaml", text, faults)], faults);
    }
}
