using NetPulse.Optimizer.Policies.Commands;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>The forms in which manifests come: what each holds is found, wherever in it.</summary>
public sealed class ManifestFormsTests : IDisposable
{
    private const string Pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: db, namespace: shop, labels: {app: db}}\nspec: {containers: [{name: c}]}\n";

    /// <summary>NP009 finds it: rules in a direction that policyTypes leaves out.</summary>
    private const string Policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress], egress: [{}]}\n";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("nptest-forms-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Several_documents_in_one_file() => await FindsAsync("all.yaml", $"{Pod}---\n{Policy}", line: 9);

    [Fact]
    public async Task Empty_documents_comments_and_separators_at_both_ends() => await FindsAsync("all.yaml", $"---\n# nothing\n---\n{Pod}---\n\n---\n{Policy}---\n...\n", line: 14);

    [Fact]
    public async Task Windows_line_ends_and_a_byte_order_mark() => await FindsAsync("all.yaml", "\uFEFF" + $"{Pod}---\n{Policy}".Replace("\n", "\r\n", StringComparison.Ordinal), line: 9);

    [Fact]
    public async Task A_List_of_kubectl() => await FindsAsync(
        "list.yaml", $"apiVersion: v1\nkind: List\nmetadata: {{resourceVersion: \"\"}}\nitems:\n{Item(Pod)}{Item(Policy)}", line: 12);

    [Fact]
    public async Task A_typed_list_whose_items_do_not_repeat_their_kind() => await FindsAsync(
        "list.yaml", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitems:\n- metadata: {name: p, namespace: shop}\n  spec: {podSelector: {}, policyTypes: [Ingress], egress: [{}]}\n", line: 5);

    [Fact]
    public async Task JSON_as_kubectl_writes_it() => await FindsAsync(
        "p.json",
        """
        {
          "apiVersion": "v1",
          "kind": "List",
          "items": [
            {
              "apiVersion": "networking.k8s.io/v1",
              "kind": "NetworkPolicy",
              "metadata": {"name": "p", "namespace": "shop"},
              "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress"],
                "egress": [{}]
              }
            }
          ]
        }
        """,
        line: 12);

    /// <summary>As <c>helm template</c> writes it: a comment with its source before each document, empty documents where a condition was false, labels of the chart, a hook.</summary>
    [Fact]
    public async Task What_Helm_rendered() => await FindsAsync(
        "rendered.yaml",
        """
        ---
        # Source: shop/templates/empty.yaml
        ---
        # Source: shop/templates/serviceaccount.yaml
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: release-name-shop
          labels:
            helm.sh/chart: shop-1.2.3
            app.kubernetes.io/managed-by: Helm
        ---
        # Source: shop/templates/networkpolicy.yaml
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          name: release-name-shop
          namespace: "shop"
          labels:
            helm.sh/chart: shop-1.2.3
        spec:
          podSelector:
            matchLabels:
              app.kubernetes.io/instance: release-name
          policyTypes:
            - Ingress
          egress:
            - {}
        ---
        # Source: shop/templates/tests/test-connection.yaml
        apiVersion: v1
        kind: Pod
        metadata:
          name: "release-name-shop-test"
          annotations:
            "helm.sh/hook": test
        spec:
          containers:
            - name: wget
              image: busybox
          restartPolicy: Never

        """,
        line: 27,
        name: "shop/release-name-shop");

    /// <summary>As <c>kustomize build</c> writes it: fields in the order of the alphabet, names with a prefix and a hash, no comment, lists not indented.</summary>
    [Fact]
    public async Task What_kustomize_rendered() => await FindsAsync(
        "rendered.yaml",
        """
        apiVersion: v1
        data:
          KEY: value
        kind: ConfigMap
        metadata:
          name: prod-settings-5g2b7kh8t9
          namespace: shop
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata:
          labels:
            env: prod
          name: prod-p
          namespace: shop
        spec:
          egress:
          - {}
          podSelector:
            matchLabels:
              app: db
              env: prod
          policyTypes:
          - Ingress

        """,
        line: 17,
        name: "shop/prod-p");

    [Fact]
    public async Task A_folder_with_folders_and_other_files()
    {
        Write("README.md", "not a manifest: [");
        Write("base/pods.yml", Pod);
        await FindsAsync("overlays/prod/policy.yaml", Policy, line: 4);
    }

    [Fact]
    public async Task Standard_input()
    {
        var before = Console.In;
        try
        {
            Console.SetIn(new StringReader($"{Pod}---\n{Policy}"));
            var (code, output, _) = await RunAsync("check", "-");
            Assert.Equal(1, code);
            Assert.Contains("standard input:9", output, StringComparison.Ordinal);
        }
        finally
        {
            Console.SetIn(before);
        }
    }

    [Theory]
    [InlineData("kind: [\n", ":2:1: ")]
    [InlineData("apiVersion: v1\nkind: Pod\nmetadata: {name: a\nspec: {}\n", ":3:")]
    [InlineData("apiVersion: v1\nkind: Pod\n  metadata: {name: a}\n", ":3:")]
    [InlineData("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: q}\nspec:\n  podSelector: {}\n  ingres: []\n", ":6: spec.ingres")]
    [InlineData("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: q}\nspec:\n  podSelector: {}\n  ingress:\n  - ports:\n    - port: [80]\n", ":8: spec.ingress[0].ports[0].port")]
    public async Task A_broken_file_is_named_with_its_place_and_the_others_are_read(string broken, string place)
    {
        var file = Write("a-broken.yaml", broken);
        Write("policy.yaml", Policy);
        var (code, output, errors) = await RunAsync("check", folder.FullName);
        Assert.Equal(1, code);
        Assert.Contains("NP009", output, StringComparison.Ordinal);
        Assert.Contains($"{file}{place}", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_broken_document_leaves_the_others_of_its_file()
    {
        Write("all.yaml", $"{Policy}---\nkind: [\n---\n{Pod}");
        var (_, output, errors) = await RunAsync("check", folder.FullName);
        Assert.Contains("NP009", output, StringComparison.Ordinal);
        Assert.Contains("all.yaml:7:", errors, StringComparison.Ordinal);
    }

    private async Task FindsAsync(string file, string text, int line, string name = "shop/p")
    {
        var path = Write(file, text);
        var (code, output, errors) = await RunAsync("check", folder.FullName);
        Assert.Equal("", errors);
        Assert.Equal(1, code);
        Assert.Contains($"NetworkPolicy {name}", output, StringComparison.Ordinal);
        Assert.Contains($"{path}:{line}", output, StringComparison.Ordinal);
    }

    private static string Item(string document) => "- " + document.TrimEnd('\n').Replace("\n", "\n  ", StringComparison.Ordinal) + "\n";

    private string Write(string name, string text)
    {
        var path = Path.Combine(folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await using var errors = new StringWriter();
        return (await PoliciesCommand.RunAsync(args, output, errors), output.ToString(), errors.ToString());
    }
}
