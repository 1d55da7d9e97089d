using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Validation;

namespace NetPulse.Optimizer.Tests.Policies;

public sealed class ValidationTests
{
    [Theory]
    [InlineData("{podSelector: {}, ingress: [{from: []}]}")]
    [InlineData("{podSelector: {}, policyTypes: [Egress], ingress: [{}]}")]
    [InlineData("{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8, except: [010.2.0.0/16]}}], ports: [{port: 80, endPort: 80}, {port: http}]}]}")]
    public void What_the_API_server_accepts_is_accepted(string spec) => Assert.Empty(Faults(spec));

    [Theory]
    [InlineData("{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]", "Required value: must specify a peer")]
    [InlineData("{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}", "spec.egress[0].to[0]", "Forbidden: may not specify both ipBlock and another peer")]
    [InlineData("{ingress: [{from: [{ipBlock: {}}]}]}", "spec.ingress[0].from[0].ipBlock.cidr", "Required value")]
    [InlineData("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}", "spec.ingress[0].from[0].ipBlock.cidr", "Invalid value: \"10.0.0.0\": must be a valid CIDR value")]
    [InlineData("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}", "spec.ingress[0].from[0].ipBlock.except[0]", "must be a strict subset of `cidr`")]
    [InlineData("{ingress: [{ports: [{port: 0}]}]}", "spec.ingress[0].ports[0].port", "Invalid value: 0: must be between 1 and 65535, inclusive")]
    [InlineData("{ingress: [{ports: [{port: 90, endPort: 80}]}]}", "spec.ingress[0].ports[0].endPort", "must be greater than or equal to `port`")]
    [InlineData("{ingress: [{ports: [{endPort: 80}]}]}", "spec.ingress[0].ports[0].endPort", "may not be specified when `port` is not specified")]
    [InlineData("{ingress: [{ports: [{port: http, endPort: 80}]}]}", "spec.ingress[0].ports[0].endPort", "may not be specified when `port` is non-numeric")]
    [InlineData("{ingress: [{ports: [{port: \"80\"}]}]}", "spec.ingress[0].ports[0].port", "must contain at least one letter (a-z)")]
    [InlineData("{ingress: [{ports: [{port: abcdefghijklmnop}]}]}", "spec.ingress[0].ports[0].port", "must be no more than 15 characters")]
    [InlineData("{ingress: [{ports: [{protocol: tcp}]}]}", "spec.ingress[0].ports[0].protocol", "Unsupported value: \"tcp\": supported values: \"TCP\", \"UDP\", \"SCTP\"")]
    [InlineData("{policyTypes: [ingress]}", "spec.policyTypes[0]", "Unsupported value: \"ingress\"")]
    [InlineData("{policyTypes: [Ingress, Egress, Ingress]}", "spec.policyTypes", "may not specify more than two policyTypes")]
    [InlineData("{podSelector: {matchLabels: {-x: y}}}", "spec.podSelector.matchLabels", "name part must consist of alphanumeric characters")]
    [InlineData("{podSelector: {matchLabels: {x: y z}}}", "spec.podSelector.matchLabels", "a valid label must be an empty string or consist of alphanumeric characters")]
    [InlineData("{podSelector: {matchExpressions: [{key: a, operator: In}]}}", "spec.podSelector.matchExpressions[0].values", "must be specified when `operator` is 'In' or 'NotIn'")]
    [InlineData("{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}", "spec.podSelector.matchExpressions[0].values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
    [InlineData("{podSelector: {matchExpressions: [{key: a, operator: Equals}]}}", "spec.podSelector.matchExpressions[0].operator", "not a valid selector operator")]
    public void What_the_API_server_rejects_is_rejected_in_its_words(string spec, string field, string problem)
    {
        var fault = Assert.Single(Faults(spec));
        Assert.Equal(field, fault.Field);
        Assert.Contains(problem, fault.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.2.3/8", "CIDR value \"10.1.2.3/8\" is ambiguous in this context (should be \"10.0.0.0/8\" or \"10.1.2.3/32\"?)")]
    [InlineData("010.0.0.0/8", "non-standard CIDR value \"010.0.0.0/8\" will be considered invalid in a future Kubernetes release: use \"10.0.0.0/8\"")]
    [InlineData("::ffff:10.0.0.0/104", "non-standard CIDR value \"::ffff:10.0.0.0/104\" will be considered invalid in a future Kubernetes release: use \"10.0.0.0/8\"")]
    [InlineData("2001:DB8::/32", "IPv6 CIDR value \"2001:DB8::/32\" should be in RFC 5952 canonical format (\"2001:db8::/32\")")]
    public void A_block_that_is_not_written_as_it_is_meant_gets_a_warning(string cidr, string warning)
    {
        var policy = Policy($"{{ingress: [{{from: [{{ipBlock: {{cidr: \"{cidr}\"}}}}]}}]}}");
        Assert.Empty(NetworkPolicyValidation.Of(policy));
        Assert.Equal(new PolicyFault("spec.ingress[0].from[0].ipBlock.cidr", warning), Assert.Single(NetworkPolicyValidation.Warnings(policy)));
    }

    [Fact]
    public void A_block_that_is_written_as_it_is_meant_gets_none() => Assert.Empty(
        NetworkPolicyValidation.Warnings(Policy("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}, {ipBlock: {cidr: \"2001:db8::/32\"}}]}]}")));

    [Theory]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: a}, spec: {priority: 1001, subject: {namespaces: {}}}}", "spec.priority")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: a}, spec: {priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{namespaces: {}}]}]}}", "spec.ingress[0].action")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: AdminNetworkPolicy, metadata: {name: a}, spec: {priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny}]}}", "spec.ingress[0].from")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha1, kind: BaselineAdminNetworkPolicy, metadata: {name: other}, spec: {subject: {namespaces: {}}}}", "metadata.name")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: a}, spec: {tier: Middle, priority: 1, subject: {namespaces: {}}}}", "spec.tier")]
    [InlineData("{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: a}, spec: {tier: Admin, priority: 1, subject: {}}}", "spec.subject")]
    public void An_admin_policy_that_its_schema_rejects_is_rejected(string policy, string field) =>
        Assert.Equal(field, Assert.Throws<ObjectFileException>(() => Manifest.Read(policy)).Field);

    private static List<PolicyFault> Faults(string spec) => [.. NetworkPolicyValidation.Of(Policy(spec))];

    private static NetworkPolicy Policy(string spec)
    {
        var faults = new List<ObjectFileException>();
        var policy = ManifestObject.ParseAll("test.yaml", Manifest.Policy("p", spec), faults).Single().Read<NetworkPolicy>();
        Assert.Empty(faults);
        return policy;
    }
}
