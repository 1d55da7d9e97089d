using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Configuration that a cluster keeps as text in its ConfigMaps.</summary>
internal static partial class ConfigMapEvidence
{
    private const string CorefileKey = "Corefile";

    /// <summary>Calico's, Canal's and flannel's installers write these into /etc/cni/net.d.</summary>
    private static readonly string[] CniKeys = ["cni_network_config", "cni-conf.json"];

    public static IEnumerable<CorefileText> Corefiles(IEnumerable<ManifestObject> objects) =>
        from map in Maps(objects)
        let text = map.Text($"data.{CorefileKey}")
        where text.Length > 0
        select new CorefileText(ClusterEvidence.NameOf(map), text, new Origin(map.Document.File, map.LineOf($"data.{CorefileKey}")));

    public static IEnumerable<CniConfigurationFile> CniConfigurations(IEnumerable<ManifestObject> objects) =>
        from map in Maps(objects)
        from entry in map.At("data") as JsonObject ?? []
        where (CniKeys.Contains(entry.Key) || entry.Key.EndsWith(".conflist", StringComparison.Ordinal)) && entry.Value is JsonValue
        let mtu = map.Text("data.veth_mtu")
        let text = Placeholder().Replace(entry.Value!.ToString(), match => match.Value == "__CNI_MTU__" && mtu.Length > 0 ? mtu : "0")
        select new CniConfigurationFile("", ClusterEvidence.NameOf(map), text, new Origin(map.Document.File, map.LineOf($"data.{entry.Key}")));

    /// <summary>The kubelet's own, as kubeadm keeps it.</summary>
    public static IEnumerable<ManifestObject> KubeletConfigurations(IEnumerable<ManifestObject> objects) => Inner(objects, "kubelet");

    /// <summary>The blocks of pods and of services, as kubeadm keeps them; of a list of both families the first.</summary>
    public static (Cidr? Pods, Cidr? Services) Blocks(IEnumerable<ManifestObject> objects)
    {
        var networking = Inner(objects, "ClusterConfiguration").Select(static c => c.At("networking")).FirstOrDefault(static n => n is not null);
        return (Block(Raw.Text(networking, "podSubnet")), Block(Raw.Text(networking, "serviceSubnet")));
    }

    private static IEnumerable<ManifestObject> Inner(IEnumerable<ManifestObject> objects, string key) =>
        from map in Maps(objects)
        let text = map.Text($"data.{key}")
        where text.Length > 0 && text.Contains("kind:", StringComparison.Ordinal)
        from inner in ManifestObject.ParseAll(map.Document.File, text, [])
        select inner;

    private static IEnumerable<ManifestObject> Maps(IEnumerable<ManifestObject> objects) => objects.Where(static o => o is { Kind: "ConfigMap", ApiVersion: "v1" });

    private static Cidr? Block(string text) => Cidr.TryParse(text.Split(',')[0].Trim(), out var block) ? block : null;

    /// <summary>A number that the installer fills in; between quotes it is a text already.</summary>
    [GeneratedRegex("""(?<=:\s*)__\w+__(?=\s*[,}\]])""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();
}
