# Certificates for tests, made with openssl in the present folder: NAME.pem and
# NAME.key.
# shellcheck shell=bash

new_key()
{
	openssl ecparam -name prime256v1 -genkey -noout -out "$1" 2>/dev/null
}

# make_ca NAME
make_ca()
{
	new_key "$1.key"
	openssl req -x509 -new -key "$1.key" -out "$1.pem" -days 30 \
		-subj "/CN=$1" -addext 'keyUsage=keyCertSign'
}

# issue NAME CA ALTERNATIVE-NAMES
issue()
{
	new_key "$1.key"
	openssl req -new -key "$1.key" -subj "/CN=$1" |
		openssl x509 -req -CA "$2.pem" -CAkey "$2.key" -days 30 \
			-extfile <(echo "subjectAltName=$3") \
			-out "$1.pem" 2>/dev/null
}

# make_dated NAME FROM UNTIL
make_dated()
{
	new_key "$1.key"
	mkdir "$1"
	: >"$1/index"
	printf '%s\n' '[ca]' 'default_ca=d' '[d]' "new_certs_dir=$1" \
		"database=$1/index" "serial=$1/serial" 'policy=p' \
		'default_md=sha256' '[p]' 'commonName=supplied' >"$1/cnf"
	openssl req -new -key "$1.key" -subj /CN=localhost -out "$1/csr"
	openssl ca -batch -config "$1/cnf" -selfsign -keyfile "$1.key" \
		-in "$1/csr" -startdate "$2" -enddate "$3" -create_serial \
		-notext -out "$1.pem" 2>/dev/null
}
