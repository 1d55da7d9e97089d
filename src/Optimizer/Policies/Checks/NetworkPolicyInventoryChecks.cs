using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>NP030 to NP061: what the network policies mean for the pods, services and flows that there are.</summary>
internal static class NetworkPolicyInventoryChecks
{
    private const Evidence PoliciesAndPods = Evidence.NetworkPolicies | Evidence.Pods;

    /// <summary>Where the clouds' instance metadata answers.</summary>
    private const string MetadataAddress = "169.254.169.254";

    private static readonly string[] NamespaceNameKeys = ["name", "ns", "namespace"];

    public static readonly IReadOnlyList<Check> All =
    [
        new("NP030", Severity.Warning, "The policy selects no pod", "Correct the labels, or remove the policy.", PoliciesAndPods, static e =>
            from policy in e.NetworkPolicies
            let spec = policy.Value.Spec
            where !SelectorMatch.IsEmpty(spec.PodSelector)
                && !e.Inputs.Pods.Any(pod => Party.IsManaged(pod) && pod.Metadata.Namespace == policy.Value.Metadata.Namespace && SelectorMatch.Matches(spec.PodSelector, pod.Metadata.Labels))
            select Finding.At(policy.Source, "spec.podSelector", $"no pod of {policy.Value.Metadata.Namespace} has these labels", Nearest(e, policy.Value.Metadata.Namespace, spec.PodSelector))),
        new("NP031", Severity.Warning, "A peer selects nobody", "Correct the labels, or remove the peer.", PoliciesAndPods, static e =>
            from peer in SelectingPeers(e)
            where !Selection.PodsOf(peer.Value, peer.Rule.Policy.Value.Metadata.Namespace, e.Inputs).Any()
            select NetworkPolicyTextChecks.At(peer.Rule, peer.Path, "no pod matches", Nearest(e, peer.Rule.Policy.Value.Metadata.Namespace, peer.Value.PodSelector ?? LabelSelector.Everything))),
        new("NP032", Severity.Error, "A peer looks in its own namespace for pods that are in another", "Add the namespaceSelector of the namespace that the pods are in.", PoliciesAndPods, static e =>
            from peer in SelectingPeers(e)
            let own = peer.Rule.Policy.Value.Metadata.Namespace
            let pods = peer.Value.PodSelector ?? LabelSelector.Everything
            where peer.Value.NamespaceSelector is null && !SelectorMatch.IsEmpty(pods) && !Selection.PodsOf(peer.Value, own, e.Inputs).Any()
            let elsewhere = e.Inputs.Pods.FirstOrDefault(pod => Party.IsManaged(pod) && SelectorMatch.Matches(pods, pod.Metadata.Labels))
            where elsewhere is not null
            select NetworkPolicyTextChecks.At(
                peer.Rule, peer.Path, $"such pods are only in {elsewhere.Metadata.Namespace}", $"add namespaceSelector: {{matchLabels: {{{Namespace.NameLabel}: {elsewhere.Metadata.Namespace}}}}}",
                PatchOperation.Set($"{peer.Path}.namespaceSelector", Named(elsewhere.Metadata.Namespace)))),
        new("NP033", Severity.Warning, "A namespace is looked for by a label that namespaces do not carry", "Use the label kubernetes.io/metadata.name.", PoliciesAndPods, static e =>
            from peer in SelectingPeers(e)
            where peer.Value.NamespaceSelector is not null
            from label in peer.Value.NamespaceSelector!.MatchLabels
            where NamespaceNameKeys.Contains(label.Key) && !e.Inputs.Namespaces.Any(n => n.Metadata.Labels.ContainsKey(label.Key))
            select NetworkPolicyTextChecks.At(
                peer.Rule, $"{peer.Path}.namespaceSelector", $"no namespace has a label {label.Key}", $"use {Namespace.NameLabel}: {label.Value}",
                PatchOperation.Set($"{peer.Path}.namespaceSelector", Named(label.Value)))),
        new("NP034", Severity.Warning, "Two peers, of which each is enough, look as if both were meant together", "Make one peer of the two.", PoliciesAndPods, static e =>
            from rule in e.Rules()
            from spaces in rule.Peers.Select((peer, i) => (Peer: peer, Index: i)).Where(static p => p.Peer is { NamespaceSelector: not null, PodSelector: null, IpBlock: null })
            from pods in rule.Peers.Select((peer, i) => (Peer: peer, Index: i)).Where(static p => p.Peer is { NamespaceSelector: null, PodSelector: not null, IpBlock: null })
            let own = rule.Policy.Value.Metadata.Namespace
            where !Selection.PodsOf(pods.Peer, own, e.Inputs).Any()
                && Selection.PodsOf(new NetworkPolicyPeer { NamespaceSelector = spaces.Peer.NamespaceSelector, PodSelector = pods.Peer.PodSelector }, own, e.Inputs).Any()
            select NetworkPolicyTextChecks.At(
                rule, rule.PeerPath(pods.Index), $"the pods of peer {pods.Index} are not in {own} but in the namespaces of peer {spaces.Index}, of which every pod is let in now", "make one peer of the two",
                PatchOperation.Set($"{rule.PeerPath(spaces.Index)}.podSelector", Selector(pods.Peer.PodSelector!)), PatchOperation.Remove(rule.PeerPath(pods.Index)))),
        new("NP035", Severity.Error, "A named port is declared by none of the pods that it is about", "State the number, or name the container's port.", PoliciesAndPods, static e =>
            from port in NamedPorts(e)
            where port.Destinations.Count > 0 && !port.Destinations.Exists(pod => Declared(pod, port.Name, port.Protocol).Any())
            select NetworkPolicyTextChecks.At(port.Rule, $"{port.Path}.port", $"no container port {port.Name}/{port.Protocol} among {port.Destinations.Count} pods", "state the number, or name the container's port")),
        new("NP036", Severity.Warning, "A named port is another number on different pods", "Nothing, where it is meant; otherwise state the number.", PoliciesAndPods, static e =>
            from port in NamedPorts(e)
            let numbers = port.Destinations.SelectMany(pod => Declared(pod, port.Name, port.Protocol)).Distinct().Order().ToList()
            where numbers.Count > 1
            select NetworkPolicyTextChecks.At(port.Rule, $"{port.Path}.port", $"{port.Name} is {string.Join(", ", numbers)}", "nothing, where it is meant; otherwise state the number")),
        new("NP037", Severity.Error, "A rule states the port of the Service, but policies see the pod's", "State the pods' port.", PoliciesAndPods | Evidence.Services, static e =>
            from port in NetworkPolicyTextChecks.Ports(e)
            where port.Value.Port is { Name: null }
            let number = port.Value.Port.GetValueOrDefault().Number
            let pods = Destinations(e, port.Rule).ToList()
            from service in e.Services
            where pods.Exists(pod => Selection.IsBehind(pod, service.Value))
            from stated in service.Value.Spec.Ports
            where stated.Port == number && stated.Protocol == (port.Value.Protocol ?? "TCP")
            let target = Target(stated, pods.First(pod => Selection.IsBehind(pod, service.Value)))
            where target is { } other && other != number && !pods.Exists(pod => ContainerPorts(pod).Any(p => p.Number == number))
            select NetworkPolicyTextChecks.At(
                port.Rule, $"{port.Path}.port", $"{number} is the port of Service {service.Value.Metadata.Namespace}/{service.Value.Metadata.Name}, its pods listen on {target}", $"port: {target}",
                PatchOperation.Set($"{port.Path}.port", target.Value))),
        new("NP038", Severity.Error, "A block is of Service addresses: most network plugins see the pod's address", "Select the pods behind the Service.", Evidence.NetworkPolicies | Evidence.Services, static e =>
            from peer in BlockPeers(e)
            where (e.ServiceBlock is { } services && services.Contains(peer.Block))
                || (peer.Block.First == peer.Block.Last && e.Services.Any(s => s.Value.Spec.ClusterIPs.Append(s.Value.Spec.ClusterIP).Any(ip => IpValue.TryParse(ip, out var address) && peer.Block.Contains(address))))
            select NetworkPolicyTextChecks.At(peer.Rule, $"{peer.Path}.ipBlock", $"{peer.Block} holds Service addresses", "select the pods behind the Service")),
        new("NP039", Severity.Warning, "A block covers pods or nodes: network plugins differ on whether it matches them", "Select pods by labels, and except the pods' block from this one.", PoliciesAndPods, static e =>
            from peer in BlockPeers(e)
            let covered = Covered(e, peer.Block, peer.Value.IpBlock!.Except)
            where covered is not null
            select NetworkPolicyTextChecks.At(peer.Rule, $"{peer.Path}.ipBlock", $"{peer.Block} covers {covered}", "select pods by labels, and except the pods' block from this one")),
        new("NP040", Severity.Warning, "A peer selects pods on the host network, which no selector matches", "Use an ipBlock of the nodes, or the host and remote-node entities of Cilium.", PoliciesAndPods, static e =>
            from peer in SelectingPeers(e)
            let pods = Selection.PodsOf(peer.Value, peer.Rule.Policy.Value.Metadata.Namespace, e.Inputs).ToList()
            where pods.Exists(static p => p.Spec.HostNetwork) && !pods.Exists(static p => !p.Spec.HostNetwork)
            select NetworkPolicyTextChecks.At(peer.Rule, peer.Path, $"{Name(pods[0])} is on the host network", "use an ipBlock of the nodes, or the host and remote-node entities of Cilium")),
        new("NP041", Severity.Info, "A rule allows only what others allow already", "Remove the rule.", PoliciesAndPods, static e =>
            from policy in e.NetworkPolicies
            from rule in ClusterEvidence.RulesOf(policy)
            let use = UseOf(e, rule)
            where use is { IsActive: true, IsRedundant: true } && use.PodsOfPeers.Any(static n => n is null or > 0) == rule.Peers.Count > 0 && Subjects(e, policy).Any()
            select NetworkPolicyTextChecks.At(rule, rule.Path, "without it everyone may talk to the same as now", "remove the rule", PatchOperation.Remove(rule.Path))),
        new("NP042", Severity.Info, "Two policies say the same", "Remove one of them.", Evidence.NetworkPolicies, static e =>
            from same in e.NetworkPolicies.GroupBy(static p => $"{p.Value.Metadata.Namespace}\n{p.Source.Root["spec"]?.ToJsonString()}", StringComparer.Ordinal)
            from copy in same.Skip(1)
            where copy.Value.Metadata.Name != same.First().Value.Metadata.Name
            select Finding.At(copy.Source, "spec", $"the same as {same.First().Value.Metadata.Name}", "remove one of them")),
        new("NP043", Severity.Info, "No flow of the window used the rule", "Remove the rule once the window is long enough for what happens seldom.", PoliciesAndPods | Evidence.Flows, static e => UnusedRules.Find(e)),
        new("NP044", Severity.Warning, "A namespace has no policy while others deny by default", "Add a policy that denies by default, after a look at what the pods do.", PoliciesAndPods, static e =>
            e.NetworkPolicies.Any(static p => IsDefaultDeny(p.Value))
                ? from @namespace in e.Inputs.Pods.Where(Party.IsManaged).Select(static p => p.Metadata.Namespace).Distinct(StringComparer.Ordinal)
                  where !@namespace.StartsWith("kube-", StringComparison.Ordinal) && !e.NetworkPolicies.Any(p => p.Value.Metadata.Namespace == @namespace)
                  select Finding.Of($"Namespace {@namespace}", "pods and no network policy", "add a policy that denies by default, after a look at what its pods do (policies recommend)")
                : []),
        new("NP045", Severity.Warning, "A pod is left open in a namespace in which others are isolated", "Widen a selector, or add a policy that denies by default.", PoliciesAndPods, static e =>
            from @namespace in e.NetworkPolicies.Select(static p => p.Value.Metadata.Namespace).Distinct(StringComparer.Ordinal)
            from direction in new[] { Direction.Ingress, Direction.Egress }
            let isolating = e.Engine.Policies.Where(p => p.Model.Reference.Namespace == @namespace && p.Model.Isolates.Contains(direction)).ToList()
            where isolating.Count > 0
            let open = e.Inputs.Pods.Where(pod => Party.IsManaged(pod) && pod.Metadata.Namespace == @namespace)
                .Where(pod => e.PartyOf(pod) is { } party && !isolating.Exists(p => e.Engine.SubjectsOf(p).Contains(e.Engine.ClassOf(party)))).ToList()
            where open.Count > 0
            select Finding.Of($"Namespace {@namespace}", $"{open.Count} pods, {Name(open[0])} among them, are selected by no policy for {direction.ToString().ToLowerInvariant()}", "widen a selector, or add a policy that denies by default")),
        new("NP046", Severity.Error, "A pod whose egress is isolated cannot resolve names", "Allow UDP and TCP 53 to the pods of the DNS Service.", PoliciesAndPods, static e => Dns(e, TransportProtocol.Udp)),
        new("NP047", Severity.Warning, "A pod may ask for names over UDP only, so that long answers fail", "Allow TCP 53, too.", PoliciesAndPods, static e => Dns(e, TransportProtocol.Tcp)),
        new("NP048", Severity.Error, "The rule for DNS selects none of the DNS pods", "Select the DNS pods by their Service's selector.", PoliciesAndPods, static e =>
            e.DnsServers().Any()
                ? from rule in e.Rules()
                  where rule.Direction == Direction.Egress && rule.Ports.Any(static p => p.Port is { Name: null, Number: 53 })
                  let selecting = rule.Peers.Where(static p => p.IpBlock is null).ToList()
                  where selecting.Count > 0 && selecting.Count == rule.Peers.Count
                  where !selecting.Exists(peer => Selection.PodsOf(peer, rule.Policy.Value.Metadata.Namespace, e.Inputs).Any(pod => e.DnsServers().Any(dns => Name(dns) == Name(pod))))
                  select NetworkPolicyTextChecks.At(rule, $"{rule.Path}.to", "no DNS pod matches", $"select {Name(e.DnsServers().First())} by its Service's selector")
                : []),
        new("NP049", Severity.Error, "One side allows a connection that the other denies", "Add the other half: netpulse-optimizer policies can prints it.", PoliciesAndPods, static e => OneSided.Find(e)),
        new("NP050", Severity.Error, "Probes that come from elsewhere than the pod's own node are denied", "Allow the nodes' addresses on the probe's port.", PoliciesAndPods | Evidence.Events | Evidence.Nodes, static e => ReachChecks.Probes(e)),
        new("NP051", Severity.Warning, "Callers through a load balancer come with a node's address, which no block of clients matches", "Set externalTrafficPolicy: Local on the Service, or allow the nodes.", PoliciesAndPods | Evidence.Services, static e =>
            from peer in BlockPeers(e)
            where peer.Rule.Direction == Direction.Ingress && peer.Block.Prefix > 0
            from service in e.Services
            where service.Value.Spec is { Type: ServiceSpec.LoadBalancer or ServiceSpec.NodePort, ExternalTrafficPolicy: not "Local" }
                && Subjects(e, peer.Rule.Policy).Any(pod => Selection.IsBehind(pod, service.Value))
                && Covered(e, peer.Block, []) is null
            select NetworkPolicyTextChecks.At(
                peer.Rule, $"{peer.Path}.ipBlock", $"Service {service.Value.Metadata.Name} has externalTrafficPolicy {(service.Value.Spec.ExternalTrafficPolicy.Length == 0 ? "Cluster" : service.Value.Spec.ExternalTrafficPolicy)}", "set externalTrafficPolicy: Local on the Service, or allow the nodes")),
        new("NP052", Severity.Warning, "The ingress controller may not reach the pods behind an Ingress", "Allow the ingress controller's namespace and pods on the pods' port.", PoliciesAndPods | Evidence.Services | Evidence.Ingresses, static e => ReachChecks.Ingresses(e)),
        new("NP053", Severity.Warning, "Prometheus may not reach a pod that asks to be scraped", "Allow the namespace of Prometheus on that port.", PoliciesAndPods, static e => ReachChecks.Scrapes(e)),
        new("NP054", Severity.Warning, "The API server may not reach an admission webhook", "Allow the control plane's addresses on the webhook's port.", PoliciesAndPods | Evidence.Services | Evidence.Webhooks, static e => ReachChecks.Webhooks(e)),
        new("NP055", Severity.Warning, "A pod that uses the API server may not reach it", "Allow the addresses of the API server's endpoints on their port.", PoliciesAndPods | Evidence.Services | Evidence.Flows, static e => ReachChecks.ApiServer(e)),
        new("NP056", Severity.Warning, "The cloud's metadata service is open to ordinary pods", "Except 169.254.169.254/32 from the block.", Evidence.NetworkPolicies, static e =>
            from peer in BlockPeers(e)
            where peer.Rule.Direction == Direction.Egress
                && IpValue.TryParse(MetadataAddress, out var metadata) && peer.Block.Contains(metadata)
                && !peer.Value.IpBlock!.Except.Any(text => Cidr.TryParse(text, out var except) && except.Contains(metadata))
                && (peer.Rule.Ports.Count == 0 || peer.Rule.Ports.Any(static p => p.Port is null || (p.Port is { Name: null } port && port.Number <= 80 && 80 <= (p.EndPort ?? port.Number))))
            select NetworkPolicyTextChecks.At(
                peer.Rule, $"{peer.Path}.ipBlock", $"{peer.Block} holds {MetadataAddress}", $"except {MetadataAddress}/32",
                PatchOperation.Set($"{peer.Path}.ipBlock.except", new JsonArray([.. peer.Value.IpBlock!.Except.Append($"{MetadataAddress}/32").Select(static x => JsonValue.Create(x))])))),
        new("NP057", Severity.Info, "Only IPv4 blocks, and the pods have IPv6 addresses, too", "Add the IPv6 counterpart, as ::/0 beside 0.0.0.0/0.", PoliciesAndPods, static e =>
            from rule in e.Rules()
            let blocks = rule.Peers.Where(static p => p.IpBlock is not null).Select(static p => (IsBlock: Cidr.TryParse(p.IpBlock!.Cidr, out var block), Block: block)).Where(static b => b.IsBlock).ToList()
            where blocks.Count > 0 && blocks.TrueForAll(static b => b.Block.Family == IpFamily.V4)
                && Subjects(e, rule.Policy).Any(static pod => pod.Status.PodIPs.Any(static ip => ip.Ip.Contains(':', StringComparison.Ordinal)) || pod.Status.PodIP.Contains(':', StringComparison.Ordinal))
            select NetworkPolicyTextChecks.At(rule, rule.Path, "no IPv6 block", "add the IPv6 counterpart, as ::/0 beside 0.0.0.0/0")),
        new("NP058", Severity.Error, "The network plugin does not enforce network policies", "Install a plugin that enforces policies, as Calico beside flannel.", Evidence.NetworkPolicies | Evidence.DaemonSets, static e => PluginChecks.NotEnforcing(e)),
        new("NP059", Severity.Warning, "The network plugin lacks something that a policy uses", "State the ports one by one, or use another plugin.", Evidence.NetworkPolicies | Evidence.DaemonSets, static e => PluginChecks.Lacking(e)),
        new("NP060", Severity.Warning, "A pod may talk before its policies are in force", "Let the plugin hold a pod back until its policies are in force, where it can.", Evidence.NetworkPolicies | Evidence.DaemonSets, static e => PluginChecks.LateEnforcement(e)),
        new("NP061", Severity.Warning, "The policy in force differs from what was applied last", "Apply it again, or take the change over into Git.", Evidence.NetworkPolicies | Evidence.LiveObjects, static e =>
            from policy in e.NetworkPolicies
            let text = policy.Value.Metadata.Annotations.GetValueOrDefault("kubectl.kubernetes.io/last-applied-configuration")
            where text is not null
            let applied = Specification(text)
            where applied is not null && Plain(applied) != Plain(policy.Value.Spec)
            select Finding.At(policy.Source, "spec", "spec is not what the annotation last-applied-configuration says", "apply it again, or take the change over into Git")),
    ];

    internal static string Name(Pod pod) => $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";

    /// <summary>The pods that a policy is about, those on the host network left out.</summary>
    internal static IEnumerable<Pod> Subjects(ClusterEvidence evidence, CheckedObject<NetworkPolicy> policy) => evidence.Inputs.Pods.Where(pod =>
        Party.IsManaged(pod) && pod.Metadata.Namespace == policy.Value.Metadata.Namespace && SelectorMatch.Matches(policy.Value.Spec.PodSelector, pod.Metadata.Labels));

    internal static IEnumerable<ContainerPort> ContainerPorts(Pod pod) => pod.Spec.Containers.Concat(pod.Spec.InitContainers).SelectMany(static c => c.Ports);

    /// <summary>The number on which a pod answers for a port of a Service; null when the name is not declared.</summary>
    internal static int? Target(ServicePort port, Pod pod) => port.TargetPort switch
    {
        null => port.Port,
        { Name: { } name } => ContainerPorts(pod).FirstOrDefault(p => p.Name == name)?.Number,
        { Number: var number } => number == 0 ? port.Port : number,
    };

    internal static RuleUse? UseOf(ClusterEvidence evidence, CheckedRule rule) =>
        evidence.Uses.SelectMany(static u => u.Rules).FirstOrDefault(u => u.Rule == rule.Reference);

    private static IEnumerable<Pod> Destinations(ClusterEvidence evidence, CheckedRule rule) => rule.Direction == Direction.Ingress
        ? Subjects(evidence, rule.Policy)
        : rule.Peers.SelectMany(peer => Selection.PodsOf(peer, rule.Policy.Value.Metadata.Namespace, evidence.Inputs));

    private static IEnumerable<(CheckedRule Rule, string Path, string Name, string Protocol, List<Pod> Destinations)> NamedPorts(ClusterEvidence evidence) =>
        from port in NetworkPolicyTextChecks.Ports(evidence)
        where port.Value.Port is { Name: { Length: > 0 } name } && !name.All(char.IsAsciiDigit)
        select (port.Rule, port.Path, port.Value.Port!.Value.Name!, port.Value.Protocol ?? "TCP", Destinations(evidence, port.Rule).ToList());

    private static IEnumerable<int> Declared(Pod pod, string name, string protocol) =>
        ContainerPorts(pod).Where(p => p.Name == name && p.Protocol == protocol).Select(static p => p.Number);

    private static IEnumerable<(CheckedRule Rule, string Path, NetworkPolicyPeer Value)> SelectingPeers(ClusterEvidence evidence) =>
        NetworkPolicyTextChecks.Peers(evidence).Where(static p => p.Value.IpBlock is null && (p.Value.PodSelector is not null || p.Value.NamespaceSelector is not null));

    private static IEnumerable<(CheckedRule Rule, string Path, NetworkPolicyPeer Value, Cidr Block)> BlockPeers(ClusterEvidence evidence)
    {
        foreach (var peer in NetworkPolicyTextChecks.Peers(evidence))
        {
            if (peer.Value.IpBlock is { } block && Cidr.TryParse(block.Cidr, out var cidr))
            {
                yield return (peer.Rule, peer.Path, peer.Value, cidr);
            }
        }
    }

    /// <summary>A pod or node that a block holds; null when it holds none.</summary>
    private static string? Covered(ClusterEvidence evidence, Cidr block, IReadOnlyList<string> except)
    {
        List<Cidr> left = [.. except.Select(static text => (IsBlock: Cidr.TryParse(text, out var cidr), Block: cidr)).Where(static b => b.IsBlock).Select(static b => b.Block)];
        if (evidence.PodBlock is { } pods && (block.Contains(pods) || pods.Contains(block)) && !left.Exists(e => e.Contains(pods)))
        {
            return $"the pods' block {pods}";
        }

        var addresses = evidence.Inputs.Pods.Select(static p => (Name: $"pod {Name(p)}", Text: p.Status.PodIP))
            .Concat(evidence.Inputs.Nodes.SelectMany(static n => n.Status.Addresses.Select(a => (Name: $"node {n.Metadata.Name}", Text: a.Address))));
        return addresses.FirstOrDefault(a => IpValue.TryParse(a.Text, out var address) && block.Contains(address) && !left.Exists(e => e.Contains(address))).Name;
    }

    private static bool IsDefaultDeny(NetworkPolicy policy) =>
        SelectorMatch.IsEmpty(policy.Spec.PodSelector) && (policy.Spec.Ingress.Count == 0 || (policy.Spec.PolicyTypes.Contains(NetworkPolicySpec.Egressing) && policy.Spec.Egress.Count == 0));

    /// <summary>Over UDP: cannot ask at all. Over TCP: can over UDP, but not over TCP.</summary>
    private static IEnumerable<Finding> Dns(ClusterEvidence evidence, TransportProtocol protocol)
    {
        var servers = evidence.DnsServers().Select(pod => (Pod: pod, Party: evidence.PartyOf(pod)!)).Where(static s => s.Party is not null).ToList();
        if (servers.Count == 0)
        {
            yield break;
        }

        var nodeLocal = IpValue.TryParse("169.254.20.10", out var address) ? evidence.Engine.At(address) : null;
        foreach (var alike in evidence.Inputs.Pods.Where(pod => Party.IsManaged(pod) && !servers.Exists(s => Name(s.Pod) == Name(pod))).GroupBy(pod => evidence.Engine.ClassOf(evidence.PartyOf(pod)!)))
        {
            var pod = evidence.PartyOf(alike.First())!;
            var policies = evidence.Engine.PoliciesOf(alike.Key, Direction.Egress);
            bool Can(TransportProtocol over) => servers.Exists(s => DnsPorts(s.Pod).Any(port => evidence.Engine.Ask(pod, s.Party, over, port).IsAllowed))
                || evidence.Engine.Ask(pod, nodeLocal!, over, 53).Egress.IsAllowed;
            var isWrong = protocol == TransportProtocol.Udp ? !Can(TransportProtocol.Udp) : Can(TransportProtocol.Udp) && !Can(TransportProtocol.Tcp);
            if (!policies.Isolating.IsEmpty && isWrong)
            {
                var isolating = policies.Isolating[0].Model.Reference;
                var source = evidence.NetworkPolicies.First(p => p.Value.Metadata.Namespace == isolating.Namespace && p.Value.Metadata.Name == isolating.Name).Source;
                yield return Finding.At(
                    source, "spec.egress", $"{alike.Count()} pods, {pod.Name} among them, cannot reach {servers[0].Party.Name} on 53/{protocol.Text()}", "allow UDP and TCP 53 to the pods of the DNS Service",
                    PatchOperation.Set(policies.Isolating[0].Egress.IsEmpty ? "spec.egress" : "spec.egress[-]", DnsRule(servers[0].Pod, isList: policies.Isolating[0].Egress.IsEmpty)));
            }
        }
    }

    private static IEnumerable<int> DnsPorts(Pod server)
    {
        var declared = ContainerPorts(server).Where(static p => p.Name.StartsWith("dns", StringComparison.Ordinal)).Select(static p => p.Number).Distinct().ToList();
        return declared.Count > 0 ? declared : [53];
    }

    private static JsonNode DnsRule(Pod server, bool isList)
    {
        var labels = server.Metadata.Labels.TryGetValue("k8s-app", out var app) ? new JsonObject { ["k8s-app"] = app } : [];
        var rule = new JsonObject
        {
            ["to"] = new JsonArray(new JsonObject { ["namespaceSelector"] = Named(server.Metadata.Namespace), ["podSelector"] = new JsonObject { ["matchLabels"] = labels } }),
            ["ports"] = new JsonArray(new JsonObject { ["port"] = 53, ["protocol"] = "UDP" }, new JsonObject { ["port"] = 53, ["protocol"] = "TCP" }),
        };
        return isList ? new JsonArray(rule) : rule;
    }

    /// <summary>The labels that come closest: of a pod that differs in one of them only.</summary>
    private static string Nearest(ClusterEvidence evidence, string @namespace, LabelSelector selector)
    {
        var near = evidence.Inputs.Pods.Where(pod => pod.Metadata.Namespace == @namespace)
            .SelectMany(static pod => pod.Metadata.Labels)
            .FirstOrDefault(label => selector.MatchLabels.Any(wanted => wanted.Key != label.Key || wanted.Value != label.Value)
                && selector.MatchLabels.Any(wanted => (wanted.Key == label.Key && IsNear(wanted.Value, label.Value)) || (wanted.Value == label.Value && IsNear(wanted.Key, label.Key))));
        return near.Key is null ? "remove it, or correct the labels" : string.Create(CultureInfo.InvariantCulture, $"perhaps {near.Key}: {near.Value} is meant");
    }

    /// <summary>Two letters apart at most, or one begins with the other.</summary>
    private static bool IsNear(string a, string b)
    {
        if (a.StartsWith(b, StringComparison.Ordinal) || b.StartsWith(a, StringComparison.Ordinal))
        {
            return true;
        }

        var before = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var row = new int[b.Length + 1];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                row[j] = Math.Min(Math.Min(row[j - 1], before[j]) + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }

            before = row;
        }

        return before[^1] <= 2 && before[^1] < Math.Max(a.Length, b.Length);
    }

    private static JsonObject Named(string @namespace) => new() { ["matchLabels"] = new JsonObject { [Namespace.NameLabel] = @namespace } };

    private static JsonObject Selector(LabelSelector selector) =>
        new() { ["matchLabels"] = new JsonObject(selector.MatchLabels.Select(static l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value))) };

    /// <summary>Null when the text holds none that can be read.</summary>
    private static NetworkPolicySpec? Specification(string text)
    {
        try
        {
            return System.Text.Json.JsonSerializer.Deserialize<NetworkPolicySpec>(JsonNode.Parse(text)?["spec"], Fields);
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    /// <summary>The same for specifications that mean the same: with the defaults that the API server fills in.</summary>
    private static string Plain(NetworkPolicySpec spec) => System.Text.Json.JsonSerializer.Serialize(
        spec with
        {
            PolicyTypes = spec.PolicyTypes.Count > 0 ? [.. spec.PolicyTypes.Order(StringComparer.Ordinal)] : spec.Egress.Count > 0 ? [NetworkPolicySpec.Egressing, NetworkPolicySpec.Ingressing] : [NetworkPolicySpec.Ingressing],
            Ingress = [.. spec.Ingress.Select(static r => r with { Ports = WithProtocols(r.Ports) })],
            Egress = [.. spec.Egress.Select(static r => r with { Ports = WithProtocols(r.Ports) })],
        },
        Fields);

    private static List<NetworkPolicyPort> WithProtocols(IReadOnlyList<NetworkPolicyPort> ports) => [.. ports.Select(static p => p with { Protocol = p.Protocol ?? "TCP" })];

    private static readonly System.Text.Json.JsonSerializerOptions Fields = new(System.Text.Json.JsonSerializerDefaults.Web);
}
