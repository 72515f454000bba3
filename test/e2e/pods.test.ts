import { FakeKubeApi } from '../support/kube_api/fake_kube_api.ts';
import { describeDropsByPod } from '../support/pod_drops_suite.ts';
import { whyNotHere } from '../support/requirements.ts';

describeDropsByPod(
  async () => {
    const api = await FakeKubeApi.start();
    return {
      kubeConfigFile: api.kubeConfigFile,
      put: async (resource, object) => void api.put(resource, object),
      close: () => api.close(),
    };
  },
  whyNotHere(['ip', 'iptables', 'ip6tables', 'setpriv', 'cc']),
);
