<?php

/**
 * Signs somebody in who pressed "Open webmail" in the panel: exchanges the one-time token that they bring for their address and
 * a password that the panel made for this session, and gives it back when they sign out.
 *
 * It also tells the mail service whose sign-in it is, so that one who guesses passwords here slows down nobody else.
 */
class berth_sso extends rcube_plugin
{
    /** What the panel gave for the token. */
    private $found;

    /** Why it gave nothing; null if there was no token. */
    private $refusal;

    /** The password of the session that ends with this request. */
    private $ending;

    public function init()
    {
        $this->add_hook('storage_connect', [$this, 'storage_connect']);
        if (rcube::get_instance()->config->get('berth_panel_url')) {
            $this->add_hook('startup', [$this, 'startup']);
            $this->add_hook('authenticate', [$this, 'authenticate']);
            $this->add_hook('login_after', [$this, 'login_after']);
            $this->add_hook('logout_after', [$this, 'logout_after']);
        }
    }

    /** Dovecot believes it if this container is in its login_trusted_networks. */
    public function storage_connect($args)
    {
        $args['preauth_ident'] = ['x-originating-ip' => rcube_utils::remote_addr()];
        return $args;
    }

    public function startup($args)
    {
        $rcmail = rcmail::get_instance();
        if ($args['task'] === 'logout' && !empty($_SESSION['berth_sso'])) {
            $this->ending = $rcmail->get_user_password();
        }
        $token = $_GET['_sso'] ?? null;
        if (!is_string($token)) {
            return $args;
        }
        // Roundcube writes it into its log beside what goes wrong.
        $_SERVER['REQUEST_URI'] = '/';
        $this->exchange($token);
        // Only a token that is good ends a session: else any page could sign people out by a link.
        if (!empty($_SESSION['user_id'])) {
            if (!$this->found) {
                return $args;
            }
            $rcmail->logout_actions();
            $rcmail->kill_session();
        }
        return ['task' => 'login', 'action' => 'login'] + $args;
    }

    public function authenticate($args)
    {
        if ($this->found) {
            $args['user'] = $this->found['address'];
            $args['pass'] = $this->found['password'];
            // The token says that the person was at the panel just now, and a first visit has no cookie to come back with.
            $args['cookiecheck'] = false;
            $args['valid'] = true;
        } elseif ($this->refusal) {
            $args['valid'] = true;
            $args['abort'] = true;
            $args['error'] = $this->refusal;
        }
        return $args;
    }

    public function login_after($args)
    {
        $_SESSION['berth_sso'] = (bool) $this->found;
        return $args;
    }

    public function logout_after($args)
    {
        if ($this->ending) {
            $this->post('/mail/webmail/end', ['password' => $this->ending]);
        }
        return $args;
    }

    private function exchange($token)
    {
        $answer = $this->post('/mail/webmail/exchange', ['token' => $token]);
        $found = json_decode((string) $answer, true);
        if (isset($found['address'], $found['password'])) {
            $this->found = $found;
        } elseif ($answer === null) {
            $this->refusal = 'The panel does not answer. Sign in here, or open webmail from the panel in a few minutes.';
        } else {
            $this->refusal = 'This way in was used already or is too old. Open webmail from the panel again, or sign in here.';
        }
    }

    /** What the panel answers, nothing if it refuses; null if it is away. Without it, people sign in with their own password. */
    private function post($path, $fields)
    {
        $rcube = rcube::get_instance();
        try {
            $options = ['timeout' => 5, 'connect_timeout' => 3, 'allow_redirects' => false, 'http_errors' => false];
            $client = $rcube->get_http_client($options);
            $answer = $client->post($rcube->config->get('berth_panel_url') . $path, ['form_params' => $fields]);
            $status = $answer->getStatusCode();
            if ($status >= 500) {
                throw new RuntimeException("status $status");
            }
            return $status === 200 ? (string) $answer->getBody() : '';
        } catch (Exception $error) {
            // An exception's own words may hold what was sent.
            rcube::raise_error(['message' => 'The panel does not answer: ' . get_class($error)], true);
            return null;
        }
    }
}
